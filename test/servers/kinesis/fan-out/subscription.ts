import type { Environment } from '../../../../core/environment.js'
import { messageOf } from '../../../../core/errors.js'
import { AwsError } from '../aws-error.js'
import type { SubscriptionEnding } from '../faults.js'
import { describeChildShard, describeRecord, millisBehind } from '../operations/shard-description.js'
import { MAX_GET_RECORDS } from '../quotas.js'
import type { Consumer } from '../store/consumers.js'
import type { Shard } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import type { TokenBucket } from '../throttle.js'
import { eventMessage, exceptionMessage } from './event-message.js'
import type { EventSink } from './event-sink.js'

export interface SubscriptionStart {
  readonly consumer: Consumer
  readonly stream: Stream
  readonly shard: Shard
  readonly fromCounter: number
}

export interface SubscriptionPace {
  /** After this the stream of events ends. */
  readonly lifeMs: number
  /** An event without records when there was none for so long. */
  readonly heartbeatMs: number
  /** What the consumer may get of the shard in a second. Absent while limits are off. */
  readonly bytes: TokenBucket | undefined
}

/** The part of a fault that is about a subscription. */
export interface SubscriptionBreak {
  readonly afterEvents?: number
  readonly ending?: SubscriptionEnding
}

type End =
  | { readonly kind: 'over' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'exception'; readonly type: string; readonly message: string }

/** AWS does not say how much one event holds; this is a part of what a shard may push in a second. */
const MAX_EVENT_BYTES = 1024 * 1024

/** One SubscribeToShard from its first event to its end. */
export class Subscription {
  readonly consumer: Consumer
  readonly stream: Stream
  readonly shard: Shard
  readonly beganAtMs: number
  readonly #environment: Environment
  readonly #pace: SubscriptionPace
  #fromCounter: number
  #nextHeartbeatMs: number
  #end: End | undefined
  #wake: () => void = () => {}
  #eventsLeft = Number.POSITIVE_INFINITY
  #breakWith: End = { kind: 'over' }

  constructor(environment: Environment, start: SubscriptionStart, pace: SubscriptionPace) {
    this.consumer = start.consumer
    this.stream = start.stream
    this.shard = start.shard
    this.#fromCounter = start.fromCounter
    this.#environment = environment
    this.#pace = pace
    this.beganAtMs = environment.clock.monotonic()
    this.#nextHeartbeatMs = this.beganAtMs
  }

  get isActive(): boolean {
    return this.#end === undefined
  }

  /** The client sees the exception as the last thing of the stream. */
  fail({ type, message }: AwsError): void {
    this.#finish({ kind: 'exception', type, message })
  }

  /** A fault: it ends after so many events, as it says. */
  breakAfter({ afterEvents = 1, ending = 'reset' }: SubscriptionBreak): void {
    this.#eventsLeft = afterEvents
    this.#breakWith =
      ending === 'reset'
        ? { kind: 'reset' }
        : ending === 'end'
          ? { kind: 'over' }
          : { kind: 'exception', type: ending.exception, message: ending.message ?? ending.exception }
    if (afterEvents === 0) this.#finish(this.#breakWith)
  }

  drop(): void {
    this.#finish({ kind: 'reset' })
  }

  /** Resolves when nothing more will be written. Never rejects. */
  async run(sink: EventSink): Promise<void> {
    const wake = (): void => this.#wake()
    const onClosed = (): void => this.#finish({ kind: 'over' })
    const cancelLife = this.#environment.timers.after(this.#pace.lifeMs, onClosed)
    sink.closed.addEventListener('abort', onClosed)
    if (sink.closed.aborted) onClosed()
    this.shard.watchers.add(wake)
    try {
      await sink.write(eventMessage('initial-response', {}))
      while (this.#end === undefined) await this.#step(sink)
    } catch (thrown) {
      this.fail(new AwsError('InternalFailure', messageOf(thrown)))
    } finally {
      this.shard.watchers.delete(wake)
      cancelLife()
      await this.#close(sink)
    }
  }

  /** Sends an event, or waits for a reason to. */
  async #step(sink: EventSink): Promise<void> {
    const { clock } = this.#environment
    const waitMs = this.#pace.bytes?.waitMs(clock.monotonic()) ?? 0
    if (waitMs > 0) return this.#wait(waitMs)
    const nowMs = clock.now()
    this.stream.trim(this.shard, nowMs)
    const limits = { maxRecords: MAX_GET_RECORDS, maxBytes: MAX_EVENT_BYTES }
    const { records, hasMore } = this.shard.log.read(this.#fromCounter, this.stream.horizonMs(nowMs), limits)
    const { closing } = this.shard
    const isAtEnd = !hasMore && closing !== undefined
    const idleMs = this.#nextHeartbeatMs - clock.monotonic()
    if (records.length === 0 && !isAtEnd && idleMs > 0) return this.#wait(idleMs)

    const last = records.at(-1)
    // At the tip the position moves on with the stream, so that it does not fall behind retention on a quiet shard.
    this.#fromCounter = hasMore && last !== undefined ? last.counter + 1 : this.stream.nextCounter
    this.#nextHeartbeatMs = clock.monotonic() + this.#pace.heartbeatMs
    this.#pace.bytes?.charge(
      records.reduce((sum, record) => sum + record.bytes, 0),
      clock.monotonic(),
    )
    const event = eventMessage('SubscribeToShardEvent', {
      Records: records.map((record) => describeRecord(record, this.shard, this.stream)),
      ContinuationSequenceNumber: isAtEnd ? null : this.#continuation(),
      MillisBehindLatest: hasMore ? millisBehind(nowMs, last) : 0,
      ...(isAtEnd ? { ChildShards: closing.children.map(describeChildShard) } : {}),
    })
    if (isAtEnd) this.#finish({ kind: 'over' })
    if (--this.#eventsLeft === 0) this.#finish(this.#breakWith)
    await sink.write(event)
  }

  /** The number before the next one to read: going on after it or at it misses nothing. */
  #continuation(): string {
    return this.shard.sequenceNumber(Math.max(this.#fromCounter - 1, this.shard.startingCounter))
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#environment.timers.after(ms, () => this.#wake())
      this.#wake = () => {
        this.#wake = () => {}
        cancel()
        resolve()
      }
    })
  }

  #finish(end: End): void {
    this.#end ??= end
    this.#wake()
  }

  async #close(sink: EventSink): Promise<void> {
    const end = this.#end
    if (end?.kind === 'reset') return sink.reset()
    if (end?.kind === 'exception') await sink.write(exceptionMessage(end.type, end.message))
    sink.end()
  }
}
