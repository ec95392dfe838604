import type { WriterContext } from '../../core/connector.js'
import { messageOf, TidemarkError, unreachable } from '../../core/errors.js'
import { type BatchLimits, BatchQueue, type Queued } from './batch-queue.js'
import type { CallAnswer, PassingFailure, RecordOutcome, SendCall } from './call.js'
import { type DeliveryMetrics, deliveryMetrics } from './metrics.js'
import type { CallResult, Pace } from './pace.js'
import type { Packer } from './packer.js'
import { timedCall } from './timed-call.js'

/** A record, and how often it was tried. */
export interface Outgoing extends Queued {
  failures: number
  /** When it failed first, monotonic. */
  failedAt: number
  /** The records that a packer made it of. */
  readonly packed?: { readonly records: number; readonly bytes: number }
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
  readonly pace: Pace<R>
  readonly packer?: Packer<R> | undefined
  readonly send: SendCall<R>
  /** For every record that the service took. */
  readonly onTaken?: ((record: R) => void) | undefined
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
  readonly #metrics: DeliveryMetrics
  readonly #abort = new AbortController()
  readonly #calls = new Set<Promise<void>>()
  #inFlightRecords = 0
  #isUrgent = false
  #timerAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #closed = false
  failure: TidemarkError | undefined
  /** Taken by the service or given up, since the start: as they were added, before they were packed. */
  settledRecords = 0
  settledBytes = 0

  constructor(options: DeliveryOptions<R>) {
    this.#options = options
    const { context, numbers, isOrdered, pace } = options
    this.#queue = new BatchQueue(numbers, isOrdered)
    this.#metrics = deliveryMetrics(context.metrics, () => this.#inFlightRecords)
    context.metrics.gauge(pace.gauge.name, pace.gauge.read)
  }

  add(record: R, now: number): void {
    const { packer } = this.#options
    if (packer) packer.add(record, now)
    else this.#queue.add(record)
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
    const { context, pace, packer } = this.#options
    const now = context.environment.clock.monotonic()
    if (packer) for (const record of packer.take(now, this.#isUrgent)) this.#queue.add(record)
    while (this.#calls.size < pace.calls) {
      const dueAt = this.#queue.dueAt(this.#isUrgent)
      const at = dueAt > now ? Math.min(dueAt, this.#packedAt) : pace.allowedAt(now)
      if (at > now) {
        this.#wakeAt(at)
        return
      }
      const records = this.#queue.take(now)
      if (records.length === 0) return
      pace.onCall(records, now)
      const call: Promise<void> = this.#call(records, now).then((answer) => {
        this.#calls.delete(call)
        this.#inFlightRecords -= records.length
        if (!this.#closed) this.#onCallEnd(records, answer, now)
      })
      this.#inFlightRecords += records.length
      this.#calls.add(call)
    }
    // An answer calls again; what is being packed must not wait for one.
    this.#wakeAt(this.#packedAt)
  }

  /** When the packer has something. */
  get #packedAt(): number {
    return this.#options.packer?.dueAt(this.#isUrgent) ?? Number.POSITIVE_INFINITY
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

  /** Never rejects. */
  async #call(records: readonly R[], sentAt: number): Promise<CallAnswer> {
    const { context, numbers, send } = this.#options
    const { environment } = context
    const call = { environment, signal: this.#abort.signal, callTimeoutMs: numbers.callTimeoutMs }
    this.#metrics.calls.add()
    try {
      return await timedCall(call, ({ abortSignal }) => send(records, abortSignal))
    } catch (thrown) {
      return { kind: 'failed', problem: this.#unexpected(thrown) }
    } finally {
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
      case 'retry':
        this.#onUnknown(records, answer, { sentAt, now })
        break
      case 'records':
        this.#onOutcomes(records, answer.outcomes, { sentAt, now })
        break
      default:
        unreachable(answer)
    }
  }

  /** Of a call that says nothing of any of its records. */
  #onUnknown(records: readonly R[], failure: PassingFailure, call: Times): void {
    let delayMs = 0
    for (const record of records) delayMs = Math.max(delayMs, this.#failed(record, failure, call.now))
    const throttled = failure.isThrottled ? records : []
    this.#again({ records, failed: records, throttled, isUnknown: true, ...call, retryAt: call.now + delayMs })
  }

  #onOutcomes(records: readonly R[], outcomes: readonly RecordOutcome[], call: Times): void {
    const failed: R[] = []
    const throttled: R[] = []
    let delayMs = 0
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!
      const outcome = outcomes[index] ?? NO_OUTCOME
      if (outcome.kind === 'done') {
        this.#metrics.records.add()
        this.#metrics.bytes.add(record.bytes)
        this.#options.onTaken?.(record)
        this.#settled(record)
      } else if (outcome.kind === 'rejected') {
        this.#options.onRejected(record, outcome.problem)
        this.#settled(record)
      } else {
        if (outcome.isThrottled) throttled.push(record)
        failed.push(record)
        delayMs = Math.max(delayMs, this.#failed(record, outcome, call.now))
      }
    }
    this.#again({ records, failed, throttled, isUnknown: false, ...call, retryAt: call.now + delayMs })
  }

  #again(result: CallResult<R>): void {
    const { failed, throttled, retryAt } = result
    this.#options.pace.onResult(result)
    this.#metrics.throttledRecords.add(throttled.length)
    if (failed.length === 0) return
    this.#metrics.retries.add()
    this.#queue.retry(failed, retryAt)
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
    const { packed } = record
    this.settledRecords += packed === undefined ? 1 : packed.records
    this.settledBytes += packed === undefined ? record.bytes : packed.bytes
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

type Times = Pick<CallResult<never>, 'sentAt' | 'now'>

const NO_OUTCOME: PassingFailure = { kind: 'retry', said: 'the answer says nothing about it', isThrottled: false }
