import type { PutRecordsCommandOutput } from '@aws-sdk/client-kinesis'
import type { WriterContext } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'
import { BatchQueue } from '../../batching/batch-queue.js'
import type { ClientLease } from '../client.js'
import type { StreamName } from '../stream-name.js'
import { timedCall } from '../timed-call.js'
import { callFailure, isPassing, type PutContext, type PutFailure, putFailed, recordFailure } from './failure.js'
import type { SinkNumbers } from './options.js'
import { costOf, type Outgoing } from './outgoing.js'
import { PutRate } from './put-rate.js'
import { type SinkMetrics, sinkMetrics } from './sink-metrics.js'

export interface DeliveryOptions {
  readonly context: WriterContext
  readonly lease: ClientLease
  readonly stream: StreamName
  readonly isOrdered: boolean
  readonly numbers: SinkNumbers
  readonly shownStream: string
  /** Records that are not in the queue yet and fall due at a time, monotonic. */
  readonly source: RecordSource
  /** After every acknowledgement and every failure. */
  readonly onProgress: () => void
}

/** What stands before the queue. */
export interface RecordSource {
  dueAt(isUrgent: boolean): number
  take(now: number, isUrgent: boolean): readonly Outgoing[]
}

const FIRST_DELAY_MS = 100
/** Kinesis counts by the second: coming back much earlier is throttled again. */
const FIRST_THROTTLED_DELAY_MS = 250
const LONGEST_DELAY_MS = 5000

/** Puts records until each is acknowledged. What it holds is counted by its owner. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #queue: BatchQueue<Outgoing>
  readonly #rate: PutRate
  readonly #metrics: SinkMetrics
  readonly #abort = new AbortController()
  readonly #putContext: PutContext
  #inFlight = 0
  #inFlightRecords = 0
  readonly #calls = new Set<Promise<void>>()
  #isUrgent = false
  #timerAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #closed = false
  failure: TidemarkError | undefined
  /** Acknowledged since the start. */
  rows = 0
  rowBytes = 0

  constructor(options: DeliveryOptions) {
    this.#options = options
    const { context, numbers, isOrdered, lease, shownStream } = options
    this.#queue = new BatchQueue(numbers, isOrdered)
    this.#rate = new PutRate(context.environment.clock.monotonic())
    this.#metrics = sinkMetrics(context.metrics, {
      inFlightRecords: () => this.#inFlightRecords,
      recordsPerSecondLimit: () => (Number.isFinite(this.#rate.perSecond) ? this.#rate.perSecond : undefined),
    })
    this.#putContext = { operatorId: context.operatorId, stream: shownStream, endpoint: lease.endpoint }
  }

  add(record: Outgoing): void {
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
    const { numbers, source, context } = this.#options
    const now = context.environment.clock.monotonic()
    for (const record of source.take(now, this.#isUrgent)) this.#queue.add(record)
    while (this.#inFlight < numbers.parallelCalls) {
      const dueAt = this.#queue.dueAt(this.#isUrgent)
      const at = dueAt > now ? Math.min(dueAt, source.dueAt(this.#isUrgent)) : this.#rate.allowedAt(now)
      if (at > now) {
        this.#wakeAt(at)
        return
      }
      const batch = this.#queue.take(now)
      if (batch.length === 0) return
      const call = this.#put(batch, now).finally(() => this.#calls.delete(call))
      this.#calls.add(call)
    }
    // An answer calls again; what stands before the queue must not wait for one.
    this.#wakeAt(source.dueAt(this.#isUrgent))
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

  async #put(batch: readonly Outgoing[], now: number): Promise<void> {
    const { context, lease, numbers, stream } = this.#options
    this.#rate.onCall(
      batch.reduce((cost, record) => cost + costOf(record), 0),
      now,
    )
    this.#inFlight++
    this.#inFlightRecords += batch.length
    this.#metrics.calls.add()
    const command = new lease.sdk.PutRecordsCommand({
      ...stream,
      Records: batch.map(({ data, partitionKey, explicitHashKey }) => ({
        Data: data,
        PartitionKey: partitionKey,
        ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
      })),
    })
    const { environment } = context
    const call = { environment, signal: this.#abort.signal, callTimeoutMs: numbers.callTimeoutMs }
    let answer: PutRecordsCommandOutput | PutFailure
    try {
      answer = await timedCall(call, (options) => lease.client.send(command, options))
    } catch (thrown) {
      answer = callFailure(thrown)
    }
    this.#inFlight--
    this.#inFlightRecords -= batch.length
    if (this.#closed) return
    try {
      this.#onAnswer(batch, answer)
    } catch (thrown) {
      this.#fail(thrown)
    }
    this.#pump()
    this.#options.onProgress()
  }

  #onAnswer(batch: readonly Outgoing[], answer: PutRecordsCommandOutput | PutFailure): void {
    const now = this.#options.context.environment.clock.monotonic()
    const failed: Outgoing[] = []
    let acknowledgedCost = 0
    let throttledCost = 0
    let delayMs = 0
    batch.forEach((record, index) => {
      const failure = failureOf(answer, index)
      if (failure === undefined) {
        acknowledgedCost += costOf(record)
        this.#onAcknowledged(record)
        return
      }
      failed.push(record)
      if (failure.kind === 'throttled') {
        throttledCost += costOf(record)
        this.#metrics.throttledRecords.add()
      }
      delayMs = Math.max(delayMs, this.#onFailure(record, failure, now))
    })
    this.#rate.onAnswer(acknowledgedCost, throttledCost, now)
    if (failed.length === 0) return
    this.#metrics.retries.add()
    this.#queue.retry(failed, now + delayMs)
  }

  #onAcknowledged(record: Outgoing): void {
    this.rows += record.rows
    this.rowBytes += record.rowBytes
    this.#metrics.records.add()
    this.#metrics.rows.add(record.rows)
    this.#metrics.bytes.add(record.bytes)
    this.#queue.acknowledged(record)
  }

  /** @returns how long to wait before it is put again */
  #onFailure(record: Outgoing, failure: PutFailure, now: number): number {
    if (record.failures === 0) record.failedAt = now
    const first = failure.kind === 'throttled' ? FIRST_THROTTLED_DELAY_MS : FIRST_DELAY_MS
    const ceiling = Math.min(LONGEST_DELAY_MS, first * 2 ** Math.min(record.failures, 10))
    record.failures++
    const { context, numbers } = this.#options
    const delayMs = ceiling * (0.5 + context.environment.random.next() / 2)
    const triedForMs = now - record.failedAt
    if (isPassing(failure.kind) && triedForMs + delayMs <= numbers.retryForMs) return delayMs
    throw putFailed(failure, this.#putContext, triedForMs)
  }

  #fail(thrown: unknown): void {
    this.failure ??= thrown instanceof TidemarkError ? thrown : putFailed(callFailure(thrown), this.#putContext, 0)
    this.#cancelTimer?.()
    this.#abort.abort()
  }
}

function failureOf(answer: PutRecordsCommandOutput | PutFailure, index: number): PutFailure | undefined {
  if ('kind' in answer) return answer
  const result = answer.Records?.[index]
  if (result?.SequenceNumber !== undefined && result.ErrorCode === undefined) return undefined
  return recordFailure(result?.ErrorCode, result?.ErrorMessage)
}
