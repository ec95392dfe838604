import type { Environment } from '../../../../core/environment.js'
import { AwsError } from '../aws-error.js'
import { TokenBucket } from '../throttle.js'
import { Subscription, type SubscriptionStart } from './subscription.js'

export interface SubscriptionSettings {
  readonly lifeMs: number
  readonly heartbeatMs: number
  /** So long after it began a subscription keeps others away. */
  readonly takeoverMs: number
  /** For each consumer and shard in a second. */
  readonly bytesPerSecond: number | undefined
}

/** The last subscription of each consumer to each shard: one at a time, and a newcomer has to let it live for a while. */
export class Subscriptions {
  readonly #environment: Environment
  readonly #settings: SubscriptionSettings
  readonly #last = new Map<string, Subscription>()

  constructor(environment: Environment, settings: SubscriptionSettings) {
    this.#environment = environment
    this.#settings = settings
  }

  /** @throws AwsError ResourceInUseException */
  begin(start: SubscriptionStart): Subscription {
    const key = `${start.consumer.arn} ${start.shard.id}`
    const { lifeMs, heartbeatMs, takeoverMs, bytesPerSecond } = this.#settings
    const nowMs = this.#environment.clock.monotonic()
    const before = this.#last.get(key)
    if (before !== undefined && nowMs - before.beganAtMs < takeoverMs) throw inUse(start)
    before?.fail(inUse(start))
    const bytes = bytesPerSecond === undefined ? undefined : new TokenBucket(bytesPerSecond, nowMs)
    const subscription = new Subscription(this.#environment, start, { lifeMs, heartbeatMs, bytes })
    this.#last.set(key, subscription)
    return subscription
  }

  get active(): readonly Subscription[] {
    return [...this.#last.values()].filter((subscription) => subscription.isActive)
  }

  /** For what is taken away under its subscribers. */
  failWhere(isConcerned: (subscription: Subscription) => boolean, error: AwsError): void {
    for (const [key, subscription] of this.#last) {
      if (!isConcerned(subscription)) continue
      subscription.fail(error)
      this.#last.delete(key)
    }
  }
}

function inUse({ consumer, shard }: SubscriptionStart): AwsError {
  return new AwsError(
    'ResourceInUseException',
    `Another active subscription exists for this consumer: ${consumer.arn}, shard ${shard.id}.`,
  )
}
