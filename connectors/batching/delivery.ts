import type { WriterContext } from '../../core/connector.js'
import { messageOf, TidemarkError, unreachable } from '../../core/errors.js'
import { type BatchLimits, BatchQueue, type Queued } from './batch-queue.js'
import type { CallAnswer, PassingFailure, RecordOutcome, SendCall } from './call.js'
import { CallLimit } from './call-limit.js'
import { type DeliveryMetrics, deliveryMetrics } from './metrics.js'

/** A record, and how often it was tried. */
export interface Outgoing extends Queued {
  failures: number
  /** When it failed first, monotonic. */
  failedAt: number
}

export interface DeliveryNumbers extends BatchLimits {
  /** Calls under way at once. */
  readonly parallelCalls: number
  /** How long one record is tried again. */
  readonly retryForMs: number
  readonly callTimeoutMs: number
}

export interface DeliveryOptions<R extends Outgoing> {
  readonly context: WriterContext
  readonly numbers: DeliveryNumbers
  readonly isOrdered: boolean
  readonly send: SendCall<R>
  /** Gives a record up; what it throws fails the job. */
  readonly onRejected: (record: R, problem: TidemarkError) => void
  /** The end of a record that was tried for long enough. */
  readonly gaveUp: (failure: PassingFailure, triedForMs: number) => TidemarkError
  /** After every answer. */
  readonly onProgress: () => void
}

const FIRST_DELAY_MS = 100
const FIRST_THROTTLED_DELAY_MS = 250
const LONGEST_DELAY_MS = 10_000

/** Sends records until each is taken, or given up. What it holds is counted by its owner. */
export class Delivery<R extends Outgoing> {
  readonly #options: DeliveryOptions<R>
  readonly #queue: BatchQueue<R>
  readonly #limit: CallLimit
  readonly #metrics: DeliveryMetrics
  readonly #abort = new AbortController()
  readonly #calls = new Set<Promise<void>>()
  #inFlightRecords = 0
  #isUrgent = false
  /** No call before then: the service was down, or has too much to do. */
  #pausedUntil = Number.NEGATIVE_INFINITY
  #timerAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #closed = false
  failure: TidemarkError | undefined
  /** Taken by the service or given up, since the start. */
  settledRecords = 0
  settledBytes = 0

  constructor(options: DeliveryOptions<R>) {
    this.#options = options
    const { context, numbers, isOrdered } = options
    this.#queue = new BatchQueue(numbers, isOrdered)
    this.#limit = new CallLimit(numbers.parallelCalls)
    this.#metrics = deliveryMetrics(context.metrics, {
      inFlightRecords: () => this.#inFlightRecords,
      parallelCallsLimit: () => this.#limit.calls,
    })
  }

  add(record: R): void {
    this.#queue.add(record)
  }

  /** Makes the calls that are due. @param isUrgent nothing waits for others any more, until this says otherwise. */
  pump(isUrgent: boolean): void {
    this.#isUrgent = isUrgent
    this.#pump()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    this.#abort.abort()
    await Promise.all(this.#calls)
  }

  #pump(): void {
    if (this.#closed || this.failure) return
    const now = this.#options.context.environment.clock.monotonic()
    while (this.#calls.size < this.#limit.calls) {
      const at = Math.max(this.#queue.dueAt(this.#isUrgent), this.#pausedUntil)
      if (at > now) {
        this.#wakeAt(at)
        return
      }
      const records = this.#queue.take(now)
      if (records.length === 0) return
      const call: Promise<void> = this.#call(records, now).then((answer) => {
        this.#calls.delete(call)
        this.#inFlightRecords -= records.length
        if (!this.#closed) this.#onCallEnd(records, answer, now)
      })
      this.#inFlightRecords += records.length
      this.#calls.add(call)
    }
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return
    this.#cancelTimer?.()
    this.#timerAt = at
    const { clock, timers } = this.#options.context.environment
    this.#cancelTimer = timers.after(Math.max(0, at - clock.monotonic()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#cancelTimer = undefined
      this.#pump()
    })
  }

  /** A silent server must not stop the sink for ever; the limit runs on the job's clock. Never rejects. */
  async #call(records: readonly R[], sentAt: number): Promise<CallAnswer> {
    const { context, numbers, send } = this.#options
    const { environment } = context
    const controller = new AbortController()
    const abort = (): void => controller.abort(this.#abort.signal.reason)
    this.#abort.signal.addEventListener('abort', abort, { once: true })
    const cancelTimer = environment.timers.after(numbers.callTimeoutMs, () =>
      controller.abort(new DOMException(`no answer within ${numbers.callTimeoutMs} ms`, 'TimeoutError')),
    )
    this.#metrics.calls.add()
    try {
      return await send(records, controller.signal)
    } catch (thrown) {
      return { kind: 'failed', problem: this.#unexpected(thrown) }
    } finally {
      cancelTimer()
      this.#abort.signal.removeEventListener('abort', abort)
      this.#metrics.callMs.record(environment.clock.monotonic() - sentAt)
    }
  }

  #onCallEnd(records: readonly R[], answer: CallAnswer, sentAt: number): void {
    try {
      this.#onAnswer(records, answer, sentAt)
    } catch (thrown) {
      this.failure ??= this.#unexpected(thrown)
      this.#cancelTimer?.()
      this.#abort.abort()
    }
    this.#pump()
    this.#options.onProgress()
  }

  #onAnswer(records: readonly R[], answer: CallAnswer, sentAt: number): void {
    const now = this.#options.context.environment.clock.monotonic()
    switch (answer.kind) {
      case 'failed':
        throw answer.problem
      case 'split':
        this.#split(records, answer, now)
        break
      case 'retry': {
        const delayMs = records.reduce((longest, record) => Math.max(longest, this.#failed(record, answer, now)), 0)
        this.#limit.onAnswer(answer.isThrottled, { sentAt, now })
        if (answer.isThrottled) this.#metrics.throttledRecords.add(records.length)
        this.#again(records, now + delayMs, now + delayMs)
        break
      }
      case 'records':
        this.#onOutcomes(records, answer.outcomes, { sentAt, now })
        break
      default:
        unreachable(answer)
    }
  }

  #onOutcomes(
    records: readonly R[],
    outcomes: readonly RecordOutcome[],
    call: { readonly sentAt: number; readonly now: number },
  ): void {
    const failed: R[] = []
    let delayMs = 0
    let throttled = 0
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!
      const outcome = outcomes[index] ?? NO_OUTCOME
      if (outcome.kind === 'done') {
        this.#metrics.records.add()
        this.#metrics.bytes.add(record.bytes)
        this.#settled(record)
      } else if (outcome.kind === 'rejected') {
        this.#options.onRejected(record, outcome.problem)
        this.#settled(record)
      } else {
        if (outcome.isThrottled) throttled++
        failed.push(record)
        delayMs = Math.max(delayMs, this.#failed(record, outcome, call.now))
      }
    }
    this.#limit.onAnswer(throttled > 0, call)
    this.#metrics.throttledRecords.add(throttled)
    if (failed.length === 0) return
    const dueAt = call.now + delayMs
    this.#again(failed, dueAt, throttled > 0 ? dueAt : Number.NEGATIVE_INFINITY)
  }

  #again(records: readonly R[], dueAt: number, pausedUntil: number): void {
    this.#metrics.retries.add()
    this.#queue.retry(records, dueAt)
    this.#pausedUntil = Math.max(this.#pausedUntil, pausedUntil)
  }

  #split(records: readonly R[], answer: CallAnswer & { readonly kind: 'split' }, now: number): void {
    const [only] = records
    if (records.length === 1 && only !== undefined) {
      this.#options.onRejected(only, answer.problem)
      this.#settled(only)
      return
    }
    this.#metrics.splits.add()
    if (answer.isTooLarge) this.#queue.limitBytes(records.reduce((bytes, record) => bytes + record.bytes, 0) / 2)
    const half = Math.ceil(records.length / 2)
    this.#queue.retry(records.slice(0, half), now, true)
    this.#queue.retry(records.slice(half), now, true)
  }

  #settled(record: R): void {
    this.settledRecords++
    this.settledBytes += record.bytes
    this.#queue.acknowledged(record)
  }

  /** @returns how long to wait before it is sent again */
  #failed(record: R, failure: PassingFailure, now: number): number {
    if (record.failures === 0) record.failedAt = now
    const first = failure.isThrottled ? FIRST_THROTTLED_DELAY_MS : FIRST_DELAY_MS
    const ceiling = Math.min(LONGEST_DELAY_MS, first * 2 ** Math.min(record.failures, 10))
    record.failures++
    const { context, numbers, gaveUp } = this.#options
    const delayMs = Math.ceil(ceiling * (0.5 + context.environment.random.next() / 2))
    const triedForMs = now - record.failedAt
    if (triedForMs + delayMs > numbers.retryForMs) throw gaveUp(failure, triedForMs)
    return delayMs
  }

  #unexpected(thrown: unknown): TidemarkError {
    if (thrown instanceof TidemarkError) return thrown
    const { operatorId } = this.#options.context
    const message = `sink '${operatorId}': ${messageOf(thrown)}`
    return new TidemarkError({ code: 'SINK_FAILED', domain: 'connector', operatorId, message, cause: thrown })
  }
}

const NO_OUTCOME: PassingFailure = { kind: 'retry', said: 'the answer says nothing about it', isThrottled: false }
