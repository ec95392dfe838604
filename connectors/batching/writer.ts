import type { SinkWriter } from '../../core/connector.js'
import type { Batch } from '../../core/element.js'
import type { TidemarkError } from '../../core/errors.js'
import { sinkClosed } from '../sink-closed.js'
import { CallPace } from './call-pace.js'
import { Delivery, type DeliveryNumbers, type DeliveryOptions, type Outgoing } from './delivery.js'

export interface BatchNumbers extends DeliveryNumbers {
  /** What waits or is under way: no more is taken while it is as many, or as much. */
  readonly bufferRecords: number
  readonly bufferBytes: number
}

export interface BatchWriterOptions<T, R extends Outgoing>
  extends Pick<DeliveryOptions<R>, 'context' | 'packer' | 'send' | 'onTaken' | 'onRejected' | 'gaveUp'> {
  readonly numbers: BatchNumbers
  /** Of two records with one order key the second waits until the first is taken. */
  readonly isOrdered: boolean
  /** Gives the records that a row becomes: none where it was given up, or several. Throws what fails the job. */
  readonly recordsOf: (batch: Batch<T>, row: number, takenAt: number) => readonly R[]
  /** Default: the number of calls at once follows from how they go. */
  readonly pace?: DeliveryOptions<R>['pace']
  /** The metric of what waits or is under way. Default `bufferedRecords`. */
  readonly bufferedGauge?: string
  readonly onClose?: () => void | Promise<void>
}

/** Writes the rows of one subtask to a service that takes many at once; at a barrier everything taken was delivered. */
export class BatchWriter<T, R extends Outgoing> implements SinkWriter<T> {
  readonly #options: BatchWriterOptions<T, R>
  readonly #delivery: Delivery<R>
  /** Taken since the start. */
  #takenRecords = 0
  #takenBytes = 0
  #refusedRows = false
  #flush: { readonly resolve: () => void; readonly reject: (error: TidemarkError) => void } | undefined

  constructor(options: BatchWriterOptions<T, R>) {
    this.#options = options
    const { context, numbers, pace = new CallPace(numbers.parallelCalls), bufferedGauge = 'bufferedRecords' } = options
    this.#delivery = new Delivery({ ...options, pace, onProgress: () => this.#onProgress() })
    context.metrics.gauge(bufferedGauge, () => this.#heldRecords)
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

  check(): void {
    if (this.#delivery.failure) throw this.#delivery.failure
  }

  async prepareCommit(): Promise<readonly unknown[]> {
    this.check()
    if (this.#heldRecords === 0) return []
    await new Promise<void>((resolve, reject) => {
      this.#flush = { resolve, reject }
      this.#delivery.pump(true)
    })
    return []
  }

  async close(): Promise<void> {
    const { context, onClose } = this.#options
    this.#flush?.reject(sinkClosed(context.operatorId))
    this.#flush = undefined
    try {
      await this.#delivery.close()
    } finally {
      await onClose?.()
    }
  }

  get #heldRecords(): number {
    return this.#takenRecords - this.#delivery.settledRecords
  }

  get #heldBytes(): number {
    return this.#takenBytes - this.#delivery.settledBytes
  }

  get #hasRoom(): boolean {
    const { bufferRecords, bufferBytes } = this.#options.numbers
    return this.#delivery.failure === undefined && this.#heldRecords < bufferRecords && this.#heldBytes < bufferBytes
  }

  /** Nothing more comes that could fill a call. */
  get #isUrgent(): boolean {
    return this.#flush !== undefined || this.#refusedRows
  }

  #take(batch: Batch<T>, row: number, now: number): void {
    for (const record of this.#options.recordsOf(batch, row, now)) {
      this.#takenRecords++
      this.#takenBytes += record.bytes
      this.#delivery.add(record, now)
    }
  }

  #onProgress(): void {
    const { failure } = this.#delivery
    if (failure || this.#heldRecords === 0) {
      const flush = this.#flush
      this.#flush = undefined
      if (failure) flush?.reject(failure)
      else flush?.resolve()
    }
    const { bufferRecords, bufferBytes } = this.#options.numbers
    const isHalfEmpty = this.#heldRecords <= bufferRecords / 2 && this.#heldBytes <= bufferBytes / 2
    if (!failure && !(this.#refusedRows && isHalfEmpty)) return
    this.#refusedRows = false
    this.#options.context.wake()
  }
}
