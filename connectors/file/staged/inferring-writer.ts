import type { SinkWriter, WriterContext } from '../../../core/connector.js'
import type { Batch } from '../../../core/element.js'
import { sleep } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { sinkClosed } from '../../sink-closed.js'
import type { FileEncoder, FileSinkFormat, FormatInference, FormatSample } from '../format.js'
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

/** What makes a subtask ask for the format: rows enough, as many as it may hold, or a barrier. */
type Occasion = 'enough' | 'full' | 'barrier'

/** Why rows tell no format. */
interface Untold {
  readonly problem: TidemarkError
  /** They leave it open, which rows of others need not do. */
  readonly mayOthersTell: boolean
}

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
  readonly #closing = new AbortController()

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
      await this.#settle('barrier')
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
    this.#closing.abort(sinkClosed(this.#context.operatorId))
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
    if (isFull || sample.rows >= this.#enough) this.#settle(isFull ? 'full' : 'enough')?.catch(() => undefined)
  }

  /** What is held can be written then, or is gone. */
  #settle(occasion: Occasion): Promise<void> | undefined {
    if (this.#agreed !== undefined) return undefined
    if (this.#sample.rows === 0) this.#rejectHeld()
    else this.#agreeing ??= this.#agree(occasion)
    return this.#agreeing
  }

  async #agree(occasion: Occasion): Promise<void> {
    try {
      const { agreement } = this.#options
      let agreed = await agreement.read()
      if (agreed === undefined) {
        const own = this.#ownResult()
        if (typeof own !== 'string' && occasion === 'enough') {
          this.#enough = 2 * this.#sample.rows
          this.#agreeing = undefined
          return
        }
        agreed = typeof own === 'string' ? await agreement.create(own) : await this.#resultOfOthers(own, occasion)
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

  /** Or why these rows tell none. */
  #ownResult(): string | Untold {
    try {
      const result = this.#sample.result()
      return typeof result === 'string' ? result : { problem: this.#ofSink(result), mayOthersTell: true }
    } catch (thrown) {
      if (thrown instanceof TidemarkError) return { problem: this.#ofSink(thrown), mayOthersTell: false }
      throw thrown
    }
  }

  /**
   * The rows of another subtask may tell what these leave open, and a barrier that ends the waiting here is on its way
   * there.
   */
  async #resultOfOthers({ problem, mayOthersTell }: Untold, occasion: Occasion): Promise<string> {
    const { environment, signal, subtask } = this.#context
    if (mayOthersTell && occasion === 'barrier' && subtask.parallelism > 1) {
      const { clock } = environment
      const until = clock.monotonic() + PATIENCE_MS
      const ended = AbortSignal.any([signal, this.#closing.signal])
      while (clock.monotonic() < until) {
        await sleep(environment, BETWEEN_LOOKS_MS, ended)
        const agreed = await this.#options.agreement.read()
        if (agreed !== undefined) return agreed
      }
    }
    this.#requireOpen()
    throw problem
  }

  /** Returns the name of the format. */
  async #adopt(agreed: string): Promise<string> {
    const format = this.#fixed(agreed)
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
    this.#closing.signal.throwIfAborted()
  }

  #fixed(agreed: string): FileSinkFormat<T> {
    const { inference, agreement } = this.#options
    try {
      return inference.fixed(agreed, agreement.name)
    } catch (thrown) {
      throw thrown instanceof TidemarkError ? this.#ofSink(thrown) : thrown
    }
  }

  /** Errors of a format do not know the sink. */
  #ofSink(cause: TidemarkError): TidemarkError {
    const { code, domain } = cause
    const { operatorId } = this.#context
    return new TidemarkError({ code, domain, operatorId, message: `sink '${operatorId}': ${cause.message}`, cause })
  }
}
