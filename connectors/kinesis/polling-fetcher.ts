import { BufferRoom } from './buffer-room.js'
import { Pacer } from './pacer.js'
import { Pause } from './pause.js'
import { Retry } from './retry.js'
import type { Answer, FetcherOptions, ShardFetcher } from './shard-fetcher.js'
import type { ShardPosition } from './split.js'

/** GetRecords in a loop: waits for room and for its turn, calls, retries, and keeps the iterator. */
export class PollingFetcher implements ShardFetcher {
  readonly #options: FetcherOptions
  readonly #pacer: Pacer
  readonly #retry: Retry
  readonly #room: BufferRoom
  /** Ended by `hurry` and `stop`. */
  readonly #turn: Pause
  #from: ShardPosition
  #iterator: string | undefined
  #isStopped = false
  #isFailing = false
  #isCalling = false
  #hurries = 0

  constructor(options: FetcherOptions) {
    const { context, numbers, where, endpoint } = options
    const { environment, operatorId } = context
    this.#options = options
    this.#from = options.split.position
    this.#pacer = new Pacer(numbers)
    this.#room = new BufferRoom(options)
    this.#turn = new Pause(environment.timers)
    this.#retry = new Retry({ environment, operatorId, where, endpoint, retryForMs: numbers.retryForMs })
  }

  get isBusy(): boolean {
    return this.#isCalling || this.#isFailing
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      if (!this.#room.isThere) await this.#room.wait()
      else if (!this.#isTurn()) await this.#waitForTurn()
      else await this.#attempt()
    }
  }

  onPolled(): void {
    this.#room.onPolled()
  }

  hurry(): void {
    this.#hurries++
    this.#pacer.hurry()
    this.#turn.end()
  }

  stop(): void {
    this.#isStopped = true
    this.#room.release()
    this.#turn.end()
  }

  #isTurn(): boolean {
    return this.#options.context.environment.clock.monotonic() >= this.#pacer.dueAt
  }

  #waitForTurn(): Promise<void> {
    // A timer may fire a little early; whole milliseconds keep that from becoming a busy loop.
    return this.#turn.wait(Math.ceil(this.#pacer.dueAt - this.#options.context.environment.clock.monotonic()))
  }

  async #attempt(): Promise<void> {
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
      await this.#onFailure(thrown, wasFailing)
    } finally {
      this.#isCalling = false
    }
  }

  async #onFailure(thrown: unknown, wasFailing: boolean): Promise<void> {
    const { metrics, context, where, retention } = this.#options
    const { kind, error, delayMs } = this.#retry.onFailure(thrown)
    if (kind === 'throttled') {
      metrics.throttles.add()
      this.#pacer.onThrottled()
    } else metrics.retries.add()
    if (kind === 'invalid' && retention.isLossAccepted && this.#from.kind !== 'horizon') {
      this.#from = { kind: 'horizon' }
      this.#iterator = undefined
      return
    }
    if (error) throw error
    if (kind === 'expiredIterator') this.#iterator = undefined
    else if (!wasFailing) context.logger.warn(`${where}: ${kind}, trying again`, { cause: thrown })
    if (delayMs > 0) await this.#backOff(delayMs)
  }

  /** `hurry` must not cut it short. */
  async #backOff(delayMs: number): Promise<void> {
    const { clock } = this.#options.context.environment
    const until = clock.monotonic() + delayMs
    while (!this.#isStopped && clock.monotonic() < until) await this.#turn.wait(Math.ceil(until - clock.monotonic()))
  }

  async #call(): Promise<void> {
    const { api, split, context, metrics, retention } = this.#options
    const { streamArn, shardId } = split
    const { clock } = context.environment
    await retention.check()
    if (this.#isStopped) return
    this.#iterator ??= await api.shardIterator(streamArn, shardId, this.#from)
    if (this.#iterator === undefined || this.#isStopped) return
    const hurries = this.#hurries
    const startedAt = clock.monotonic()
    const calledAt = clock.now()
    this.#pacer.onCall(startedAt)
    metrics.calls.add()
    const limit = Math.min(this.#pacer.limit, Math.max(1, this.#room.records))
    const output = await api.getRecords(streamArn, this.#iterator, limit)
    if (this.#isStopped) return
    const { Records: records = [], MillisBehindLatest: millisBehindLatest = 0, ChildShards: children = [] } = output
    const isAtTip = millisBehindLatest === 0
    const bytes = records.reduce((sum, { Data }) => sum + (Data?.byteLength ?? 0), 0)
    this.#pacer.onAnswer({ startedAt, endedAt: clock.monotonic(), records: records.length, bytes, isAtTip })
    const isFresh = hurries === this.#hurries
    // An answer to a question from before `hurry` must not set the wait that it took away.
    if (!isFresh) this.#pacer.hurry()
    const last = records.at(-1)?.SequenceNumber
    if (last !== undefined) this.#from = { kind: 'after', sequenceNumber: last, subSequence: null }
    // The wire says null, the SDK's types say undefined.
    this.#iterator = output.NextShardIterator ?? undefined
    const isShardEnd = this.#iterator === undefined
    this.#accept({ records, millisBehindLatest, children, isFresh, isAtTip, isShardEnd, calledAt })
  }

  #accept(answer: Answer): void {
    if (answer.isShardEnd) this.#isStopped = true
    this.#options.retention.onAnswer(answer.calledAt - answer.millisBehindLatest)
    // Before anybody asks: this answer is what counts now.
    this.#isCalling = false
    this.#isFailing = false
    this.#options.onAnswer(answer)
  }
}
