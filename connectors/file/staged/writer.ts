import type { SinkWriter, WriterContext } from '../../../core/connector.js'
import type { Batch } from '../../../core/element.js'
import { TidemarkError } from '../../../core/errors.js'
import { fileError } from '../errors.js'
import type { FileEncoder } from '../format.js'
import type { FileCommittable } from './committable.js'
import { type SinkFolders, syncFolder } from './folders.js'
import { finalName, stagedName } from './names.js'
import { type FinishedFile, StagedFile } from './staged-file.js'

export interface StagedWriterOptions<T> {
  readonly folders: SinkFolders
  /** With the dot: `.jsonl`, `.csv.gz`, `.parquet`. */
  readonly extension: string
  readonly compression: 'gzip' | undefined
  readonly encoder: () => FileEncoder<T>
  /** A file ends at this many rows, or bytes before compression. */
  readonly maxRows: number
  readonly maxBytes: number
  /** Bytes that may wait to be written before rows are refused. */
  readonly bufferBytes: number
}

/** A file that rows go to, or that waits to be prepared. */
interface OpenFile<T> {
  readonly file: StagedFile
  readonly encoder: FileEncoder<T>
  rows: number
  bytes: number
  finished: Promise<FinishedFile> | undefined
}

/**
 * Writes the rows of one subtask into unfinished files, one after the other, a new one after each checkpoint. What was
 * prepared is never touched again; what was not is removed when the writer closes.
 */
export class StagedWriter<T> implements SinkWriter<T> {
  readonly #context: WriterContext
  readonly #options: StagedWriterOptions<T>
  #current: OpenFile<T> | undefined
  /** Ended since the last checkpoint, in order. */
  #ended: OpenFile<T>[] = []
  /** Begun and not handed to a checkpoint: to be removed on close. */
  readonly #unprepared = new Set<StagedFile>()
  #sequence = 0
  #rowsTaken = 0
  /** Bytes between `take` and the disk. */
  #queuedBytes = 0
  #refusedRows = false
  /** The last of the chain of disk operations, which run one after the other. */
  #tail: Promise<unknown> = Promise.resolve()
  #failure: TidemarkError | undefined
  #closed = false

  constructor(context: WriterContext, options: StagedWriterOptions<T>) {
    this.#context = context
    this.#options = options
  }

  write(batch: Batch<T>, from: number): number {
    const { bufferBytes, maxRows, maxBytes } = this.#options
    for (let row = from; row < batch.length; row++) {
      if (this.#failure) throw this.#failure
      if (this.#queuedBytes >= bufferBytes) {
        this.#refusedRows = true
        return row
      }
      this.#current ??= this.#begin()
      const open = this.#current
      this.#add(open, batch.values[row]!)
      if (open.rows >= maxRows || open.bytes + open.encoder.pendingBytes >= maxBytes) this.#end(open)
      else if (open.encoder.ready) this.#queue(open, open.encoder.take)
    }
    return batch.length
  }

  async prepareCommit(checkpointId: number): Promise<readonly FileCommittable[]> {
    if (this.#current) this.#end(this.#current)
    const ended = this.#ended
    this.#ended = []
    if (this.#failure) throw this.#failure
    if (ended.length === 0) return []
    const { folders, extension } = this.#options
    const committables: FileCommittable[] = []
    try {
      for (const { finished, rows, file } of ended) {
        // `#end` has set it.
        const finishedFile = await finished!
        const final = finalName(this.#context, { checkpointId, number: committables.length, extension })
        committables.push({ version: 1, ...finishedFile, final, rows })
        this.#unprepared.delete(file)
      }
      await syncFolder(folders.staging)
    } catch (thrown) {
      throw this.#error(thrown)
    }
    return committables
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#tail
    for (const file of this.#unprepared) await file.discard()
    this.#unprepared.clear()
  }

  #begin(): OpenFile<T> {
    const { folders, compression, encoder } = this.#options
    const name = stagedName(this.#context, { sequence: this.#sequence++, nonce: this.#context.environment.nonce() })
    const file = new StagedFile(folders.staging, name, compression)
    this.#unprepared.add(file)
    return { file, encoder: encoder(), rows: 0, bytes: 0, finished: undefined }
  }

  #add(open: OpenFile<T>, row: T): void {
    try {
      open.encoder.add(row)
    } catch (thrown) {
      if (!(thrown instanceof TidemarkError)) throw thrown
      const { operatorId, subtask } = this.#context
      const location = `row ${this.#rowsTaken} of subtask ${subtask.index}`
      throw new TidemarkError({
        code: thrown.code,
        domain: thrown.domain,
        operatorId,
        location,
        message: `sink '${operatorId}', ${location}: ${thrown.message}`,
        cause: thrown,
      })
    }
    open.rows++
    this.#rowsTaken++
  }

  #end(open: OpenFile<T>): void {
    this.#current = undefined
    this.#ended.push(open)
    this.#queue(open, open.encoder.end)
    const finished = this.#then(() => open.file.finish())
    // Whoever prepares hears of it; nobody may.
    finished.catch(() => undefined)
    open.finished = finished
  }

  #queue(open: OpenFile<T>, take: () => () => Uint8Array): void {
    const bytes = open.encoder.pendingBytes
    const encode = take.call(open.encoder)
    open.bytes += bytes
    this.#queuedBytes += bytes
    this.#then(async () => {
      await open.file.append(encode())
      this.#queuedBytes -= bytes
      if (this.#refusedRows && this.#queuedBytes <= this.#options.bufferBytes / 2) {
        this.#refusedRows = false
        this.#context.wake()
      }
      // Encoding the next piece must not follow in the same turn.
      await this.#context.environment.yield()
    }).catch(() => undefined)
  }

  /** Runs after everything queued before it, unless that failed or the writer is closed. */
  #then<R>(operation: () => Promise<R>): Promise<R> {
    const result = this.#tail.then(async () => {
      if (this.#failure) throw this.#failure
      if (this.#closed) throw this.#error(new Error('the writer was closed'))
      try {
        return await operation()
      } catch (thrown) {
        this.#failure = this.#error(thrown)
        this.#context.wake()
        throw this.#failure
      }
    })
    this.#tail = result.catch(() => undefined)
    return result
  }

  #error(thrown: unknown): TidemarkError {
    const { operatorId } = this.#context
    return fileError(thrown, { where: `sink '${operatorId}'`, path: this.#options.folders.staging, operatorId })
  }
}
