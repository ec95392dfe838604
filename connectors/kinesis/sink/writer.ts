import type { SinkWriter, WriterContext } from '../../../core/connector.js'
import type { Batch } from '../../../core/element.js'
import { TidemarkError } from '../../../core/errors.js'
import type { Reject } from '../../dead-letters/with-dead-letters.js'
import type { ClientLease } from '../client.js'
import { shownStream } from '../stream-name.js'
import { Aggregates, NOTHING } from './aggregates.js'
import { Delivery } from './delivery.js'
import type { KinesisSinkSettings } from './options.js'
import type { Outgoing } from './outgoing.js'
import { type RowRecord, RowRecords } from './row-records.js'

export interface WriterOptions<T> {
  readonly settings: KinesisSinkSettings<T>
  readonly lease: ClientLease
  readonly context: WriterContext
  readonly reject: Reject
}

/** Writes the rows of one subtask: what it took is acknowledged by Kinesis before a checkpoint contains it. */
export class KinesisWriter<T> implements SinkWriter<T> {
  readonly #options: WriterOptions<T>
  readonly #rows: RowRecords<T>
  readonly #aggregates: Aggregates | undefined
  readonly #delivery: Delivery
  /** Taken since the start. */
  #takenRows = 0
  #takenBytes = 0
  #refusedRows = false
  #flush: { readonly resolve: () => void; readonly reject: (error: TidemarkError) => void } | undefined

  constructor(options: WriterOptions<T>) {
    this.#options = options
    const { context, settings, lease } = options
    const { numbers, stream, isOrdered, aggregate } = settings
    const { operatorId, environment } = context
    this.#rows = new RowRecords({ operatorId, environment, settings })
    this.#aggregates = aggregate && new Aggregates(aggregate, numbers.maxDelayMs)
    const source = this.#aggregates ?? NOTHING
    this.#delivery = new Delivery({
      ...{ context, lease, stream, isOrdered, numbers, source },
      shownStream: shownStream(stream),
      onProgress: () => this.#onProgress(),
    })
    context.metrics.gauge('bufferedRows', () => this.#heldRows)
    context.metrics.gauge('bufferedBytes', () => this.#heldBytes)
  }

  write(batch: Batch<T>, from: number): number {
    let row = from
    const now = this.#options.context.environment.clock.monotonic()
    try {
      for (; row < batch.length && this.#hasRoom; row++) this.#take(batch, row, now)
    } finally {
      // Also what stands before a row that fails the job.
      this.#refusedRows = row < batch.length
      this.#delivery.pump(this.#isUrgent)
    }
    if (this.#delivery.failure) throw this.#delivery.failure
    return row
  }

  async prepareCommit(): Promise<readonly unknown[]> {
    if (this.#delivery.failure) throw this.#delivery.failure
    if (this.#heldRows === 0) return []
    await new Promise<void>((resolve, reject) => {
      this.#flush = { resolve, reject }
      this.#delivery.pump(true)
    })
    return []
  }

  async close(): Promise<void> {
    const { context, lease } = this.#options
    const { operatorId } = context
    this.#flush?.reject(
      new TidemarkError({
        code: 'KINESIS_SINK_CLOSED',
        domain: 'connector',
        operatorId,
        retryable: true,
        message: `sink '${operatorId}' was closed before everything was acknowledged; the rows come again after a restart`,
      }),
    )
    this.#flush = undefined
    await this.#delivery.close()
    lease.release()
  }

  get #heldRows(): number {
    return this.#takenRows - this.#delivery.rows
  }

  get #heldBytes(): number {
    return this.#takenBytes - this.#delivery.rowBytes
  }

  get #hasRoom(): boolean {
    const { bufferRecords, bufferBytes } = this.#options.settings.numbers
    return this.#delivery.failure === undefined && this.#heldRows < bufferRecords && this.#heldBytes < bufferBytes
  }

  /** Nothing more comes that could fill a call. */
  get #isUrgent(): boolean {
    return this.#flush !== undefined || this.#refusedRows
  }

  #take(batch: Batch<T>, row: number, now: number): void {
    const record = this.#rows.of(batch, row)
    if ('problem' in record) {
      const { problem, letter } = record
      this.#options.context.metrics.counter('rejectedRows', { code: problem.code }).add()
      this.#options.reject(letter, problem)
      return
    }
    this.#takenRows++
    this.#takenBytes += record.bytes
    if (this.#aggregates) this.#aggregates.add(record, now)
    else this.#delivery.add(plain(record, now))
  }

  #onProgress(): void {
    const { failure } = this.#delivery
    if (failure || this.#heldRows === 0) {
      const flush = this.#flush
      this.#flush = undefined
      if (failure) flush?.reject(failure)
      else flush?.resolve()
    }
    const { bufferRecords, bufferBytes } = this.#options.settings.numbers
    const isHalfEmpty = this.#heldRows <= bufferRecords / 2 && this.#heldBytes <= bufferBytes / 2
    if (!failure && !(this.#refusedRows && isHalfEmpty)) return
    this.#refusedRows = false
    this.#options.context.wake()
  }
}

/** Field by field: spreading the record here doubled what the whole sink takes of the processor. */
function plain({ data, partitionKey, explicitHashKey, bytes }: RowRecord, takenAt: number): Outgoing {
  return {
    data,
    partitionKey,
    explicitHashKey,
    bytes,
    orderKey: partitionKey,
    rows: 1,
    rowBytes: bytes,
    takenAt,
    failures: 0,
    failedAt: 0,
  }
}
