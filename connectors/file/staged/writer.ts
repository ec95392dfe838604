import type { SinkWriter, WriterContext } from '../../../core/connector.js'
import { type Batch, MAX_WATERMARK } from '../../../core/element.js'
import type { CancelTimer } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { rowLetter } from '../../dead-letters/row-letter.js'
import type { Reject } from '../../dead-letters/with-dead-letters.js'
import type { Compressor } from '../compression/compressor.js'
import type { EncodedPiece, FileEncoder } from '../format.js'
import type { Partitions } from '../partition/partitions.js'
import { type FileFacts, type OpenEntry, type ProgressEntry, parseWriterState, type WriterState } from './entries.js'
import type { BegunFile, EndedFile, OpenFile } from './open-file.js'
import { cut, PieceChain } from './piece-chain.js'
import type { Rolling } from './rolling.js'
import type { Finished, SinkStorage } from './storage.js'

export interface StagedWriterOptions<T> {
  readonly storage: SinkStorage
  readonly encoder: () => FileEncoder<T>
  readonly compressor: (() => Compressor) | undefined
  readonly partitions: Partitions<T>
  readonly rolling: Rolling
  /** Bytes that may be held in memory before rows are refused. */
  readonly bufferBytes: number
  readonly marksPartitions: boolean
  readonly reject: Reject
  /** What went wrong with the storage, as an error of Tidemark. */
  readonly failed: (thrown: unknown) => TidemarkError
}

interface SuspendedFile {
  readonly id: string
  readonly state: WriterState
}

/** Bounds of a time that a checkpoint can hold. */
const LAST = Number.MAX_SAFE_INTEGER

/**
 * Writes the rows of one subtask into unfinished files, one for each folder at a time. What was prepared is never touched
 * again; what no checkpoint can have is removed when the writer closes.
 */
export class StagedWriter<T> implements SinkWriter<T> {
  readonly #context: WriterContext
  readonly #options: StagedWriterOptions<T>
  /** By folder, the one written least recently first. */
  readonly #open = new Map<string, OpenFile<T>>()
  #newest: OpenFile<T> | undefined
  /** Since the last checkpoint, in order. */
  #ended: EndedFile[] = []
  /** Begun and not handed to a checkpoint: to be removed on close. */
  readonly #unprepared = new Set<BegunFile>()
  /** After `prepareCommit`: what goes on. */
  #suspended: readonly WriterState[] = []
  #begun = new Map<string, number>()
  #watermark = -LAST
  #prepared = 0
  #numbers = 0
  #rowsTaken = 0
  /** Bytes that encoders hold, and that they may hold in this turn. */
  #pendingBytes = 0
  #pendingLimit = 0
  /** Of what waits for its turn: a longer queue would not be emptied any sooner, and what waits long is dear to collect. */
  readonly #queueLimit: number
  #refusedRows = false
  #isPreparing = false
  #isAtEnd = false
  #cancelTimer: CancelTimer | undefined
  readonly #chain: PieceChain
  #closed = false

  constructor(context: WriterContext, options: StagedWriterOptions<T>) {
    this.#context = context
    this.#options = options
    this.#queueLimit = options.bufferBytes / 4
    this.#chain = new PieceChain({
      failed: options.failed,
      onFailure: () => context.wake(),
      onProgress: () => this.onProgress(),
      yield: () => context.environment.yield(),
    })
    context.metrics.gauge('openFiles', () => this.#open.size)
    context.metrics.gauge('bufferedBytes', () => this.#heldBytes)
  }

  /** What an earlier generation had open at the checkpoint becomes files of their own. */
  async restore(): Promise<void> {
    const { operatorId, restored } = this.#context
    for (const found of restored) {
      const { folder, rows, endsAt, suspended } = parseWriterState(found, operatorId)
      const file = { folder, number: this.#numbers++, after: 0 }
      const finished = await this.#options.storage.resume(suspended, file).catch((thrown: unknown) => {
        throw this.#options.failed(thrown)
      })
      if (endsAt !== undefined) this.#begun.set(folder, endsAt)
      this.#ended.push({ folder, rows, finished: Promise.resolve(finished) })
    }
  }

  write(batch: Batch<T>, from: number): number {
    const { maxRows, maxBytes } = this.#options.rolling
    if (this.#chain.failure) throw this.#chain.failure
    const now = this.#context.environment.clock.monotonic()
    this.#setPendingLimit()
    for (let row = from; row < batch.length; row++) {
      if (this.#pendingBytes >= this.#pendingLimit) {
        this.#refusedRows = true
        if (this.#isTight) this.#makeRoom()
        return row
      }
      const open = this.#take(batch, row, now)
      if (!open) continue
      if (open.rows >= maxRows || open.bytes + open.pending >= maxBytes) this.#end(open)
      else if (open.encoder.ready) this.#queue(open, open.encoder.take)
    }
    this.#setTimer()
    return batch.length
  }

  check(): void {
    if (this.#chain.failure) throw this.#chain.failure
  }

  onWatermark(watermark: number): void {
    // Nothing would end what is open then.
    if (watermark === MAX_WATERMARK) this.#isAtEnd = true
    this.#watermark = Math.max(-LAST, Math.min(LAST, watermark))
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    this.#isPreparing = true
    try {
      return await this.#prepare(checkpointId)
    } finally {
      this.#isPreparing = false
      this.#setTimer()
    }
  }

  snapshot(): readonly WriterState[] {
    return this.#suspended
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    this.#options.storage.interrupt()
    await this.#chain.close()
    try {
      for (const open of this.#unprepared) {
        open.compressor?.destroy()
        await open.finished?.catch(() => undefined)
        await open.file.discard()
      }
      this.#unprepared.clear()
      for (const { isSuspended, file } of this.#open.values()) if (isSuspended) await file.leave()
    } finally {
      await this.#options.storage.close()
    }
  }

  async #prepare(checkpointId: number): Promise<readonly unknown[]> {
    const { storage, rolling } = this.#options
    const { generation, subtask } = this.#context
    if (rolling.rollOnCheckpoint || this.#isAtEnd) for (const open of [...this.#open.values()]) this.#end(open)
    const suspending = [...this.#open.values()].map((open) => this.#suspend(open))
    const ended = this.#ended
    this.#ended = []
    if (this.#chain.failure) throw this.#chain.failure
    const facts = { version: 1, generation, checkpointId } as const
    const files: (FileFacts & Finished)[] = []
    const suspended: SuspendedFile[] = []
    try {
      for (const { finished, rows, folder } of ended)
        files.push({ ...facts, folder, rows, ...(await finished)(checkpointId) })
      for (const one of suspending) suspended.push(await one)
      await storage.sync()
    } catch (thrown) {
      throw this.#options.failed(thrown)
    }
    for (const open of this.#unprepared) if (open.finished || open.isSuspended) this.#unprepared.delete(open)
    this.#prepared = checkpointId
    this.#suspended = suspended.map(({ state }) => state)
    const open = suspended.map(({ id, state }): OpenEntry => {
      return { ...facts, kind: 'open', subtask: subtask.index, folder: state.folder, id }
    })
    return [...files, ...open, ...this.#progress(facts)]
  }

  #progress(facts: Pick<ProgressEntry, 'version' | 'generation' | 'checkpointId'>): ProgressEntry[] {
    if (!this.#options.marksPartitions) return []
    const begun = [...this.#begun]
    this.#begun = new Map()
    const { index } = this.#context.subtask
    return [{ ...facts, kind: 'progress', subtask: index, watermark: this.#watermark, begun }]
  }

  async #suspend(open: OpenFile<T>): Promise<SuspendedFile> {
    this.#queue(open, open.encoder.take)
    await this.#chain.after(() => cut(open))
    open.isSuspended = true
    const { id, state } = await open.file.suspend()
    const { folder, rows, endsAt } = open
    return { id, state: { version: 1, folder, rows, endsAt, suspended: state } }
  }

  /** The file that took the row; undefined when it was rejected. */
  #take(batch: Batch<T>, row: number, now: number): OpenFile<T> | undefined {
    try {
      const folder = this.#options.partitions.folderOf(batch, row)
      const newest = this.#newest
      const open = newest?.folder === folder ? newest : this.#openFor(folder, { batch, row, now })
      open.encoder.add(batch.values[row]!)
      open.rows++
      open.writtenAt = now
      const pending = open.encoder.pendingBytes
      this.#pendingBytes += pending - open.pending
      open.pending = pending
      this.#rowsTaken++
      return open
    } catch (thrown) {
      this.reject(thrown, batch, row)
      return undefined
    }
  }

  #openFor(
    folder: string,
    { batch, row, now }: { readonly batch: Batch<T>; readonly row: number; readonly now: number },
  ) {
    const { storage, encoder, compressor, partitions, rolling, marksPartitions } = this.#options
    const found = this.#open.get(folder)
    if (found) this.#open.delete(folder)
    else if (this.#open.size >= rolling.maxOpenFiles) this.#endOldest()
    const endsAt = found ? found.endsAt : marksPartitions ? partitions.endOf(batch, row) : undefined
    const open: OpenFile<T> = found ?? {
      ...{ folder, endsAt, encoder: encoder(), compressor: compressor?.() },
      file: storage.begin({ folder, number: this.#numbers++, after: this.#prepared }),
      ...{
        begunAt: now,
        writtenAt: now,
        rows: 0,
        bytes: 0,
        pending: 0,
        isSuspended: false,
        queued: [],
      },
    }
    if (!found) {
      this.#unprepared.add(open)
      if (endsAt !== undefined) this.#begun.set(folder, endsAt)
    }
    this.#open.set(folder, open)
    this.#newest = open
    return open
  }

  /** Gives up a row, unless what was thrown is no matter of the row. */
  reject(thrown: unknown, batch: Batch<T>, row: number): void {
    if (!(thrown instanceof TidemarkError) || thrown.code === 'USER_FUNCTION_RETURNED_PROMISE') throw thrown
    const { operatorId, subtask, environment, metrics } = this.#context
    const location = `row ${this.#rowsTaken} of subtask ${subtask.index}`
    this.#rowsTaken++
    const problem = new TidemarkError({
      code: thrown.code,
      domain: thrown.domain,
      operatorId,
      location,
      message: `sink '${operatorId}', ${location}: ${thrown.message}`,
      cause: thrown,
    })
    metrics.counter('rejectedRows', { code: problem.code }).add()
    this.#options.reject(rowLetter(batch, row, { operatorId, problem, rejectedAt: environment.clock.now() }), problem)
  }

  /**
   * Of the files that rest, those written least recently give up what their encoders hold, and where that is too little
   * for their storage they end, until the others leave room for what comes.
   */
  #makeRoom(): void {
    let idle = 0
    for (const { pending, file } of this.#open.values()) idle += pending + file.waitingBytes
    for (const open of [...this.#open.values()]) {
      if (idle <= this.#options.bufferBytes / 2) break
      if (open.pending > 0) {
        idle -= open.pending
        this.#queue(open, open.encoder.take)
      } else if (open.file.waitingBytes > 0) {
        idle -= open.file.waitingBytes
        this.#end(open)
      }
    }
  }

  #endOldest(): void {
    for (const open of this.#open.values()) {
      this.#end(open)
      return
    }
  }

  #end(open: OpenFile<T>): void {
    this.#open.delete(open.folder)
    if (this.#newest === open) this.#newest = undefined
    if (open.rows === 0) {
      this.#unprepared.delete(open)
      return
    }
    this.#queue(open, open.encoder.end)
    const stored = this.#chain.after(() => cut(open))
    const finished = stored
      .then(() => open.file.finish())
      .catch((thrown: unknown) => {
        throw this.#chain.fail(thrown)
      })
    // Whoever prepares hears of it; nobody may.
    finished.catch(() => undefined)
    finished.then(
      () => this.onProgress(),
      () => undefined,
    )
    const { folder, rows, file, compressor } = open
    // One that a checkpoint holds is not there.
    if (this.#unprepared.delete(open)) this.#unprepared.add({ file, compressor, finished })
    this.#ended.push({ folder, rows, finished })
  }

  #queue(open: OpenFile<T>, take: () => EncodedPiece): void {
    const bytes = open.encoder.pendingBytes
    const encoded = take.call(open.encoder)
    open.bytes += bytes
    this.#pendingBytes -= open.pending
    open.pending = open.encoder.pendingBytes
    this.#pendingBytes += open.pending
    this.#chain.queue(open, { encoded, bytes })
    this.#setPendingLimit()
  }

  get #heldBytes(): number {
    return this.#pendingBytes + this.#chain.queuedBytes + this.#options.storage.heldBytes
  }

  get #isTight(): boolean {
    return this.#heldBytes > this.#options.bufferBytes * 0.75
  }

  #setPendingLimit(): void {
    const { bufferBytes, storage } = this.#options
    const room = bufferBytes - this.#chain.queuedBytes - storage.heldBytes
    this.#pendingLimit = this.#chain.isLong(this.#queueLimit) ? 0 : room
  }

  /** The storage holds less than before. */
  onProgress(): void {
    if (!this.#refusedRows) return
    if (this.#isTight) {
      if (!this.#isPreparing) this.#makeRoom()
    } else if (!this.#chain.isLong(this.#queueLimit / 2)) {
      this.#refusedRows = false
      this.#context.wake()
    }
  }

  /** For the file that is due first. */
  #setTimer(): void {
    const { maxAgeMs, maxInactivityMs } = this.#options.rolling
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#closed || this.#isPreparing || (maxAgeMs === LIMITLESS && maxInactivityMs === LIMITLESS)) return
    let first = LIMITLESS
    for (const open of this.#open.values()) first = Math.min(first, dueAt(open, this.#options.rolling))
    if (first === LIMITLESS) return
    const { clock, timers } = this.#context.environment
    this.#cancelTimer = timers.after(Math.max(1, first - clock.monotonic()), () => this.#endDue())
  }

  #endDue(): void {
    if (this.#closed || this.#isPreparing || this.#chain.failure) return
    const now = this.#context.environment.clock.monotonic()
    for (const open of [...this.#open.values()]) if (dueAt(open, this.#options.rolling) <= now) this.#end(open)
    this.#setTimer()
  }
}

const LIMITLESS = Number.POSITIVE_INFINITY

function dueAt<T>({ begunAt, writtenAt }: OpenFile<T>, { maxAgeMs, maxInactivityMs }: Rolling): number {
  return Math.min(begunAt + maxAgeMs, writtenAt + maxInactivityMs)
}
