import type { SubscribeToShardEvent } from '@aws-sdk/client-kinesis'
import { sleep } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { brokenOff } from '../../batching/timed-call.js'
import { BufferRoom } from '../buffer-room.js'
import { Retry } from '../retry.js'
import type { FetcherOptions, ShardFetcher } from '../shard-fetcher.js'
import type { ConsumerLookup } from './consumer-lookup.js'
import { ResumePoint } from './resume-point.js'
import { Subscription } from './subscription.js'
import { Takeovers } from './takeovers.js'

interface Open {
  readonly subscription: Subscription
  /** Hurries before it was asked for. */
  readonly hurries: number
  /** Wall-clock time: when it was asked for, then that of the last event. */
  heardAt: number
  events: number
}

/**
 * SubscribeToShard, again and again: each lasts five minutes. While the buffer is full nothing is read from the
 * connection; one that ends meanwhile is followed by another like any.
 */
export class FanOutFetcher implements ShardFetcher {
  readonly #options: FetcherOptions
  readonly #consumers: ConsumerLookup
  readonly #resume: ResumePoint
  readonly #retry: Retry
  readonly #room: BufferRoom
  readonly #takeovers: Takeovers
  /** Ends waits. */
  readonly #stopping = new AbortController()
  #open: Open | undefined
  #hurries = 0
  #hasHeard = false
  #isFailing = false
  #isConsumerLost = false

  constructor(options: FetcherOptions, consumers: ConsumerLookup) {
    const { context, numbers, where, endpoint, split } = options
    const { environment, operatorId } = context
    this.#options = options
    this.#consumers = consumers
    this.#resume = new ResumePoint(split.position)
    this.#room = new BufferRoom(options)
    this.#takeovers = new Takeovers(environment.clock)
    this.#retry = new Retry({ environment, operatorId, where, endpoint, retryForMs: numbers.retryForMs })
  }

  get isBusy(): boolean {
    return this.#isFailing || !this.#hasHeard
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      if (!this.#room.isThere) await this.#room.wait()
      else await this.#attempt()
    }
    this.#close()
  }

  onPolled(): void {
    this.#room.onPolled()
  }

  /** What is on its way may be older than the question: only a new subscription is known to see what is there now. */
  hurry(): void {
    this.#hurries++
    this.#hasHeard = false
    this.#close()
  }

  stop(): void {
    this.#stopping.abort()
    this.#close()
    this.#room.release()
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  #close(): void {
    this.#open?.subscription.close()
    this.#open = undefined
  }

  async #attempt(): Promise<void> {
    const before = this.#hurries
    let open: Open | undefined
    try {
      open = this.#open ?? (await this.#subscribe())
      if (this.#isStopped || open.hurries !== this.#hurries) {
        open.subscription.close()
        return
      }
      this.#open = open
      const event = await open.subscription.next()
      if (this.#open !== open) return
      if (event === undefined) this.#onEnd(open)
      else this.#accept(event, open)
    } catch (thrown) {
      if (this.#isStopped) return
      // It was closed by `hurry`, which is no failure. One of a call is, whatever happened meanwhile.
      if (open !== undefined && before !== this.#hurries) return
      this.#close()
      await this.#onFailure(thrown, (open?.events ?? 0) > 0)
    }
  }

  async #subscribe(): Promise<Open> {
    const { api, split, context, numbers, metrics, retention } = this.#options
    const { environment } = context
    await retention.check()
    const consumerArn = await this.#consumers.arnOf(api, split.streamArn)
    const hurries = this.#hurries
    const heardAt = environment.clock.now()
    const controller = new AbortController()
    metrics.calls.add()
    const request = { consumerArn, shardId: split.shardId, start: this.#resume.start }
    const events = await api.subscribe(request, controller)
    const silenceMs = numbers.callTimeoutMs
    return {
      subscription: new Subscription(events, { environment, controller, silenceMs }),
      hurries,
      heardAt,
      events: 0,
    }
  }

  #onEnd(open: Open): void {
    this.#close()
    if (open.events === 0) throw brokenOff('the subscription ended without an event')
  }

  #accept(event: SubscribeToShardEvent, open: Open): void {
    const { context, retention, onAnswer } = this.#options
    const calledAt = open.heardAt
    const { MillisBehindLatest: millisBehindLatest = 0, ChildShards: children = [] } = event
    const records = this.#resume.advance(event)
    // The wire says null, the SDK's types say undefined.
    const isShardEnd = (event.ContinuationSequenceNumber ?? undefined) === undefined
    open.heardAt = context.environment.clock.now()
    open.events++
    this.#retry.onSuccess()
    this.#hasHeard = true
    this.#isFailing = false
    this.#isConsumerLost = false
    retention.onAnswer(calledAt - millisBehindLatest)
    if (isShardEnd) this.stop()
    onAnswer({
      records,
      millisBehindLatest,
      children,
      isFresh: true,
      isAtTip: millisBehindLatest === 0,
      isShardEnd,
      calledAt,
    })
  }

  async #onFailure(thrown: unknown, wasSubscribed: boolean): Promise<void> {
    const { metrics, context, where, retention, split } = this.#options
    const { kind, error, delayMs } = this.#retry.onFailure(thrown)
    const wasFailing = this.#isFailing
    this.#isFailing = true
    if (kind === 'throttled') metrics.throttles.add()
    else metrics.retries.add()
    if (kind === 'inUse' && wasSubscribed && this.#takeovers.add()) throw this.#contested(thrown)
    if (kind === 'invalid' && retention.isLossAccepted && !this.#resume.isHorizon) return this.#resume.toHorizon()
    if (kind === 'notFound' && !this.#isConsumerLost) {
      // It may have been registered anew since it was looked up.
      this.#isConsumerLost = true
      this.#consumers.forget(split.streamArn)
      return
    }
    if (error) throw error
    const fields = { cause: thrown }
    // After a restart the old subscription keeps the new one out for some seconds.
    if (!wasFailing && kind === 'inUse') context.logger.info(`${where}: waits for an older subscription to end`, fields)
    else if (!wasFailing) context.logger.warn(`${where}: ${kind}, subscribing again`, fields)
    await sleep(context.environment, delayMs, this.#stopping.signal).catch(() => undefined)
  }

  #contested(cause: unknown): TidemarkError {
    const { operatorId } = this.#options.context
    const { where } = this.#options
    return new TidemarkError({
      code: 'KINESIS_IN_USE',
      domain: 'connector',
      retryable: true,
      operatorId,
      location: where,
      message:
        `source '${operatorId}', ${where}: another reader keeps taking over the subscription; a shard has one for each ` +
        'consumer: give each job a consumer of its own (fanOut.consumerName)',
      cause,
    })
  }
}
