import type { Clock } from '../../../../core/environment.js'
import type { ConsumerState } from './stream-state.js'

export type ConsumerStatus = 'CREATING' | 'ACTIVE' | 'DELETING'

/** How long a consumer is on its way in and out. */
export interface ConsumerDelays {
  readonly creationMs: number
  readonly deletionMs: number
}

export interface Consumer {
  readonly name: string
  /** Ends in its creation time in seconds, as AWS has it; made unique in the stream. */
  readonly arn: string
  readonly createdAtSeconds: number
  /** On the monotonic clock, as all that follows. */
  readonly activeAtMs: number
  goneAtMs: number | undefined
}

/** The registered consumers of one stream. */
export class Consumers {
  readonly #streamArn: string
  readonly #onChange: () => void
  readonly #byName = new Map<string, Consumer>()
  #lastSeconds = 0

  constructor(streamArn: string, onChange: () => void) {
    this.#streamArn = streamArn
    this.#onChange = onChange
  }

  /** Without those that are being deleted. */
  state(): readonly ConsumerState[] {
    return [...this.#byName.values()]
      .filter((consumer) => consumer.goneAtMs === undefined)
      .map(({ name, createdAtSeconds }) => ({ name, createdAtSeconds }))
  }

  /** Those that were in creation are active then. */
  restore(state: readonly ConsumerState[]): void {
    this.#byName.clear()
    for (const { name, createdAtSeconds } of state) {
      this.#lastSeconds = Math.max(this.#lastSeconds, createdAtSeconds)
      this.#keep(name, createdAtSeconds, Number.NEGATIVE_INFINITY)
    }
  }

  /** In the order of their names. Those whose deletion has ended are not there. */
  all(clock: Clock): readonly Consumer[] {
    for (const { name, goneAtMs } of this.#byName.values()) {
      if (goneAtMs !== undefined && clock.monotonic() >= goneAtMs) this.#byName.delete(name)
    }
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string, clock: Clock): Consumer | undefined {
    return this.all(clock).find((consumer) => consumer.name === name)
  }

  add(name: string, clock: Clock, { creationMs }: ConsumerDelays): Consumer {
    this.#lastSeconds = Math.max(this.#lastSeconds + 1, Math.trunc(clock.now() / 1000))
    const consumer = this.#keep(name, this.#lastSeconds, clock.monotonic() + creationMs)
    this.#onChange()
    return consumer
  }

  remove(consumer: Consumer, clock: Clock, { deletionMs }: ConsumerDelays): void {
    consumer.goneAtMs = clock.monotonic() + deletionMs
    this.#onChange()
  }

  #keep(name: string, createdAtSeconds: number, activeAtMs: number): Consumer {
    const arn = `${this.#streamArn}/consumer/${name}:${createdAtSeconds}`
    const consumer: Consumer = { name, arn, createdAtSeconds, activeAtMs, goneAtMs: undefined }
    this.#byName.set(name, consumer)
    return consumer
  }
}

export function statusOf(consumer: Consumer, clock: Clock): ConsumerStatus {
  if (consumer.goneAtMs !== undefined) return 'DELETING'
  return clock.monotonic() >= consumer.activeAtMs ? 'ACTIVE' : 'CREATING'
}
