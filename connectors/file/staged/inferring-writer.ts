import type { SinkWriter, WriterContext } from '../../../core/connector.js'
import type { Batch } from '../../../core/element.js'
import { TidemarkError } from '../../../core/errors.js'
import type { FileEncoder, FormatInference, FormatSample } from '../format.js'
import type { AgreedEntry } from './entries.js'
import type { Agreement } from './storage.js'
import type { StagedWriter } from './writer.js'

export interface InferringWriterOptions<T> {
  readonly inference: FormatInference<T>
  readonly agreement: Agreement
  /** Bytes that may be held in memory. */
  readonly bufferBytes: number
  /** The files get no row before the format is known. */
  readonly files: (context: WriterContext, encoder: () => FileEncoder<T>) => StagedWriter<T>
}

/** For other subtasks at a barrier. */
const PATIENCE_MS = 10_000
const BETWEEN_LOOKS_MS = 200

/** Rows that wait for the format. */
interface Held<T> {
  readonly batch: Batch<T>
  readonly from: number
}

/**
 * Holds the first rows until they tell the format. A barrier, or too many bytes, end that: what is held is never part of a
 * checkpoint. From then on the rows of the subtask go straight to its files. The format is that of whichever subtask, of whatever
 * generation, was first to say.
 */
export class InferringWriter<T> implements SinkWriter<T> {
  readonly #context: WriterContext
  readonly #options: InferringWriterOptions<T>
  readonly #files: StagedWriter<T>
  #sample: FormatSample<T>
  #held: Held<T>[] = []
  #encoder: (() => FileEncoder<T>) | undefined
  #agreed: string | undefined
  #agreeing: Promise<void> | undefined
  /** So many rows are looked at before the format is asked for. */
  #enough: number
  #failure: unknown
  #onProgress: (() => void) | undefined
  #closed = false

  private constructor(context: WriterContext, options: InferringWriterOptions<T>) {
    this.#context = context
    this.#options = options
    this.#sample = options.inference.begin()
    this.#enough = options.inference.rows
    const wake = (): void => {
      this.#onProgress?.()
      context.wake()
    }
    // Files get rows once there is one.
    this.#files = options.files({ ...context, wake }, () => this.#encoder!())
    context.metrics.gauge('batchesHeldForFormat', () => this.#held.length)
  }

  static async open<T>(context: WriterContext, options: InferringWriterOptions<T>): Promise<InferringWriter<T>> {
    const writer = new InferringWriter(context, options)
    try {
      await writer.#files.restore()
      const agreed = await options.agreement.read()
      if (agreed !== undefined) await writer.#adopt(agreed)
    } catch (thrown) {
      await writer.close()
      throw thrown
    }
    return writer
  }

  write(batch: Batch<T>, from: number): number {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#agreed !== undefined) return this.#release() ? this.#files.write(batch, from) : from
    if (this.#agreeing) return from
    this.#hold(batch, from)
    return batch.length
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#files.check()
  }

  onWatermark(watermark: number): void {
    this.#files.onWatermark(watermark)
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    if (this.#held.length > 0) {
      // One that is under way may want to wait for rows.
      await this.#agreeing
      this.#requireOpen()
      await this.#settle(true)
      this.#requireOpen()
      while (!this.#release()) await this.#progress()
    }
    const prepared = await this.#files.prepareCommit(checkpointId)
    if (this.#agreed === undefined) return prepared
    const entry: AgreedEntry = { version: 1, kind: 'agreed', text: this.#agreed }
    return [...prepared, entry]
  }

  snapshot(): readonly unknown[] {
    return this.#files.snapshot()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#onProgress?.()
    try {
      await this.#files.close()
    } finally {
      // It was interrupted, or is over in a moment.
      await this.#agreeing?.catch(() => undefined)
    }
  }

  /** A whole batch: its rows are in memory anyway. */
  #hold(batch: Batch<T>, from: number): void {
    const sample = this.#sample
    for (let row = from; row < batch.length; row++) sample.look(batch.values[row]!)
    this.#held.push({ batch, from })
    const isFull = sample.bytes >= this.#options.bufferBytes
    if (isFull || sample.rows >= this.#enough) this.#settle(isFull)?.catch(() => undefined)
  }

  /**
   * What is held can be written then, or is gone.
   * @param isLast whether there is no waiting for more rows
   */
  #settle(isLast: boolean): Promise<void> | undefined {
    if (this.#agreed !== undefined) return undefined
    if (this.#sample.rows === 0) this.#rejectHeld()
    else this.#agreeing ??= this.#agree(isLast)
    return this.#agreeing
  }

  async #agree(isLast: boolean): Promise<void> {
    try {
      const { agreement } = this.#options
      let agreed = await agreement.read()
      if (agreed === undefined) {
        const own = this.#ownResult()
        if (typeof own !== 'string' && !isLast) {
          this.#enough = 2 * this.#sample.rows
          this.#agreeing = undefined
          return
        }
        agreed = typeof own === 'string' ? await agreement.create(own) : await this.#resultOfOthers(own)
      }
      const format = await this.#adopt(agreed)
      const { logger, subtask } = this.#context
      logger.info('the format of the output is fixed', { format, place: agreement.name, subtask: subtask.index })
    } catch (thrown) {
      this.#failure = thrown
      throw thrown
    } finally {
      this.#context.wake()
    }
  }

  /** Or what it is that these rows leave open. */
  #ownResult(): string | TidemarkError {
    try {
      return this.#named(() => this.#sample.result())
    } catch (thrown) {
      if (thrown instanceof TidemarkError) return thrown
      throw thrown
    }
  }

  /**
   * The rows of another subtask may tell what these leave open, and the barrier that ends the waiting here is on its way
   * there.
   */
  async #resultOfOthers(leftOpen: TidemarkError): Promise<string> {
    const { environment, subtask } = this.#context
    const { clock, timers } = environment
    const until = clock.monotonic() + PATIENCE_MS
    while (subtask.parallelism > 1 && clock.monotonic() < until && !this.#closed) {
      await new Promise<void>((resolve) => void timers.after(BETWEEN_LOOKS_MS, resolve))
      const agreed = await this.#options.agreement.read()
      if (agreed !== undefined) return agreed
    }
    throw leftOpen
  }

  /** Returns the name of the format. */
  async #adopt(agreed: string): Promise<string> {
    const { inference, agreement } = this.#options
    const format = this.#named(() => inference.fixed(agreed, agreement.name))
    this.#encoder = await format.load()
    this.#agreed = agreed
    return format.name
  }

  /** None of them is a row: the format need not be known for that. */
  #rejectHeld(): void {
    const held = this.#held
    const sample = this.#sample
    this.#held = []
    this.#sample = this.#options.inference.begin()
    for (const { batch, from } of held) {
      for (let row = from; row < batch.length; row++) this.#files.reject(sample.look(batch.values[row]!), batch, row)
    }
  }

  /** Whether none is held any more. */
  #release(): boolean {
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const { batch, from } = first
      const next = this.#files.write(batch, from)
      if (next < batch.length) {
        this.#held[0] = { batch, from: next }
        return false
      }
      this.#held.shift()
    }
    return true
  }

  /** The files have room again, or have failed. */
  async #progress(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onProgress = resolve
    })
    this.#onProgress = undefined
    this.#requireOpen()
  }

  /** Nothing goes on behind the back of whoever closed it. */
  #requireOpen(): void {
    if (!this.#closed) return
    const { operatorId } = this.#context
    const message = `sink '${operatorId}' was closed; what was not in a checkpoint comes again after a restart`
    throw new TidemarkError({ code: 'SINK_CLOSED', domain: 'connector', operatorId, retryable: true, message })
  }

  /** Errors of a format do not know the sink. */
  #named<R>(operation: () => R): R {
    try {
      return operation()
    } catch (thrown) {
      if (!(thrown instanceof TidemarkError)) throw thrown
      const { code, domain } = thrown
      const { operatorId } = this.#context
      throw new TidemarkError({
        code,
        domain,
        operatorId,
        message: `sink '${operatorId}': ${thrown.message}`,
        cause: thrown,
      })
    }
  }
}
