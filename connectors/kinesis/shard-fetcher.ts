import type { GetRecordsCommandOutput } from '@aws-sdk/client-kinesis'
import type { ReaderContext } from '../../core/connector.js'
import type { KinesisApi } from './api.js'
import type { KinesisNumbers } from './options.js'
import { Pacer } from './pacer.js'
import { Pause } from './pause.js'
import { Retry } from './retry.js'
import type { ShardMetrics } from './shard-metrics.js'
import type { ShardPosition } from './split.js'

export interface FetcherOptions {
  readonly api: KinesisApi
  readonly context: ReaderContext
  readonly numbers: KinesisNumbers
  readonly metrics: ShardMetrics
  readonly streamArn: string
  readonly shardId: string
  readonly where: string
  readonly endpoint: string
  readonly from: ShardPosition
  /** Records and bytes that wait to be polled. */
  readonly buffered: () => { readonly count: number; readonly bytes: number }
  readonly onAnswer: (answer: Answer) => void
}

export interface Answer {
  readonly output: GetRecordsCommandOutput
  /** The call was made after the last `hurry`. */
  readonly isFresh: boolean
  readonly isAtTip: boolean
  readonly isShardEnd: boolean
  /** Wall-clock time at which the call was made. */
  readonly calledAt: number
}

/** The read loop of one shard: waits for room and for its turn, calls, retries, and keeps the iterator. */
export class ShardFetcher {
  readonly #options: FetcherOptions
  readonly #pacer: Pacer
  readonly #retry: Retry
  /** Ended when there may be room again. */
  readonly #room: Pause
  /** Ended by `hurry` and `stop`. */
  readonly #turn: Pause
  #from: ShardPosition
  #iterator: string | undefined
  #isStopped = false
  #isFailing = false
  #isCalling = false
  #hurries = 0

  constructor(options: FetcherOptions) {
    const { context, numbers } = options
    const { environment, operatorId } = context
    this.#options = options
    this.#from = options.from
    this.#pacer = new Pacer(numbers)
    this.#room = new Pause(environment.timers)
    this.#turn = new Pause(environment.timers)
    this.#retry = new Retry({
      environment,
      operatorId,
      where: options.where,
      endpoint: options.endpoint,
      retryForMs: numbers.retryForMs,
    })
  }

  /** A call is being made, or the last one failed. */
  get isBusy(): boolean {
    return this.#isCalling || this.#isFailing
  }

  /** Reads until `stop`. Rejects with what broke it. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      if (!this.#hasRoom()) await this.#room.wait(undefined)
      else if (!this.#isTurn()) await this.#waitForTurn()
      else await this.#attempt()
    }
  }

  onPolled(): void {
    if (this.#hasRoom()) this.#room.end()
  }

  /** Something must be known soon: reads again as early as the limits allow. */
  hurry(): void {
    this.#hurries++
    this.#pacer.hurry()
    this.#turn.end()
  }

  stop(): void {
    this.#isStopped = true
    this.#room.end()
    this.#turn.end()
  }

  #hasRoom(): boolean {
    const { bufferRecords, bufferBytes } = this.#options.numbers
    const { count, bytes } = this.#options.buffered()
    return count < bufferRecords && bytes < bufferBytes
  }

  #isTurn(): boolean {
    return this.#options.context.environment.clock.monotonic() >= this.#pacer.dueAt
  }

  #waitForTurn(): Promise<void> {
    // A timer may fire a little early; whole milliseconds keep that from becoming a busy loop.
    return this.#turn.wait(Math.ceil(this.#pacer.dueAt - this.#options.context.environment.clock.monotonic()))
  }

  async #attempt(): Promise<void> {
    const { metrics, context } = this.#options
    this.#isCalling = true
    try {
      await this.#call()
      this.#retry.onSuccess()
      this.#isFailing = false
    } catch (thrown) {
      if (this.#isStopped) return
      this.#isCalling = false
      const wasFailing = this.#isFailing
      this.#isFailing = true
      const failure = this.#retry.onFailure(thrown)
      if (failure.kind === 'throttled') metrics.throttles.add()
      else metrics.retries.add()
      if (failure.error) throw failure.error
      if (failure.kind === 'expiredIterator') this.#iterator = undefined
      else if (!wasFailing)
        context.logger.warn(`${this.#options.where}: ${failure.kind}, trying again`, { cause: thrown })
      if (failure.delayMs > 0) await this.#backOff(failure.delayMs)
    } finally {
      this.#isCalling = false
    }
  }

  /** `hurry` must not cut it short. */
  async #backOff(delayMs: number): Promise<void> {
    const { clock } = this.#options.context.environment
    const until = clock.monotonic() + delayMs
    while (!this.#isStopped && clock.monotonic() < until) await this.#turn.wait(Math.ceil(until - clock.monotonic()))
  }

  async #call(): Promise<void> {
    const { api, streamArn, shardId, context, numbers, metrics } = this.#options
    const { clock } = context.environment
    this.#iterator ??= await api.shardIterator(streamArn, shardId, this.#from)
    if (this.#iterator === undefined || this.#isStopped) return
    const hurries = this.#hurries
    const startedAt = clock.monotonic()
    const calledAt = clock.now()
    this.#pacer.onCall(startedAt)
    metrics.calls.add()
    const room = Math.max(1, numbers.bufferRecords - this.#options.buffered().count)
    const output = await api.getRecords(streamArn, this.#iterator, Math.min(this.#pacer.limit, room))
    if (this.#isStopped) return
    const isAtTip = (output.MillisBehindLatest ?? 0) === 0
    this.#pacer.onAnswer({
      startedAt,
      endedAt: clock.monotonic(),
      records: output.Records?.length ?? 0,
      bytes: bytesOf(output),
      isAtTip,
    })
    const isFresh = hurries === this.#hurries
    // An answer to a question from before `hurry` must not set the wait that it took away.
    if (!isFresh) this.#pacer.hurry()
    this.#advance(output)
    const isShardEnd = this.#iterator === undefined
    // Before anybody asks: this answer is what counts now.
    this.#isCalling = false
    this.#isFailing = false
    this.#options.onAnswer({ output, isFresh, isAtTip, isShardEnd, calledAt })
  }

  #advance(output: GetRecordsCommandOutput): void {
    const last = output.Records?.at(-1)?.SequenceNumber
    if (last !== undefined) this.#from = { kind: 'after', sequenceNumber: last, subSequence: null }
    // The wire says null, the SDK's types say undefined.
    this.#iterator = output.NextShardIterator ?? undefined
    if (this.#iterator === undefined) this.#isStopped = true
  }
}

function bytesOf(output: GetRecordsCommandOutput): number {
  let bytes = 0
  for (const record of output.Records ?? []) bytes += record.Data?.byteLength ?? 0
  return bytes
}
