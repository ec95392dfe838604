import type { TidemarkError } from '../../../core/errors.js'
import type { Compressor } from '../compression/compressor.js'
import type { EncodedPiece } from '../format.js'
import type { UnfinishedFile } from './storage.js'

export interface PieceChainOptions {
  /** What went wrong with the storage, as an error of Tidemark. */
  readonly failed: (thrown: unknown) => TidemarkError
  readonly onFailure: () => void
  /** Less is held than before. */
  readonly onProgress: () => void
  /** Gives the event loop a turn. */
  readonly yield: () => Promise<void>
}

/** A piece of a file on its way from the encoder to the storage. */
export interface QueuedPiece {
  readonly encoded: EncodedPiece
  /** As the encoder counted them. */
  readonly bytes: number
}

/** A file that pieces are carried to. */
export interface ChainedFile {
  readonly file: UnfinishedFile
  readonly compressor: Compressor | undefined
  /** In order, until their turn comes. */
  readonly queued: QueuedPiece[]
}

/** What is compressed at once off the event loop, or stored with one call. */
const GROUP_BYTES = 512 * 1024

/** Carries the pieces of all files of a writer to the storage. One thing is done after the other. */
export class PieceChain {
  readonly #options: PieceChainOptions
  #last: Promise<unknown> = Promise.resolve()
  #queuedBytes = 0
  #unencoded = 0
  #failure: TidemarkError | undefined
  #closed = false
  /** Where pieces are put together to be compressed: a new place for each group would be as much garbage as the rows. */
  #scratch: Buffer | undefined

  constructor(options: PieceChainOptions) {
    this.#options = options
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /**
   * Whether more is of no use now: so many bytes wait, or rows do that are to be encoded when their turn comes, which the
   * garbage collector copies until then.
   */
  isLong(limitBytes: number): boolean {
    return this.#queuedBytes >= limitBytes || this.#unencoded > 0
  }

  get failure(): TidemarkError | undefined {
    return this.#failure
  }

  queue(open: ChainedFile, piece: QueuedPiece): void {
    this.#queuedBytes += piece.bytes
    if (typeof piece.encoded === 'function') this.#unencoded++
    open.queued.push(piece)
    // Those that come until its turn go with the first.
    if (open.queued.length === 1) this.after(() => this.#carry(open)).catch(() => undefined)
  }

  /** Runs after everything before it, unless that failed or the chain is closed. */
  after<R>(operation: () => Promise<R>): Promise<R> {
    const result = this.#last.then(async () => {
      if (this.#failure) throw this.#failure
      if (this.#closed) throw this.#options.failed(new Error('the writer was closed'))
      try {
        return await operation()
      } catch (thrown) {
        throw this.fail(thrown)
      }
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  fail(thrown: unknown): TidemarkError {
    this.#failure ??= this.#options.failed(thrown)
    this.#options.onFailure()
    return this.#failure
  }

  /** Resolves when what runs has ended; nothing else begins. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
  }

  async #carry(open: ChainedFile): Promise<void> {
    const { compressor } = open
    const queued = open.queued.splice(0)
    for (let from = 0; from < queued.length; ) {
      const isAlone = typeof queued[from]!.encoded === 'function' || compressor?.holdsLoop === true
      const end = isAlone ? from + 1 : endOfGroup(queued, from)
      const group = queued.slice(from, end)
      const pieces = group.map(({ encoded }) => (typeof encoded === 'function' ? this.#encode(encoded) : encoded))
      const stored = await this.#compressed(open, pieces)
      for (const { bytes } of group) this.#queuedBytes -= bytes
      if (stored.length > 0) await open.file.append(stored)
      this.#options.onProgress()
      // What follows must not be encoded in the same turn.
      if (isAlone) await this.#options.yield()
      from = end
    }
  }

  #encode(encoded: () => Uint8Array): Uint8Array {
    this.#unencoded--
    return encoded()
  }

  async #compressed({ compressor }: ChainedFile, pieces: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const filled = pieces.filter(({ length }) => length > 0)
    if (!compressor || filled.length === 0) return filled
    const output = await compressor.push(filled.length === 1 ? filled[0]! : this.#joined(filled))
    return output.length > 0 ? [output] : []
  }

  /** @param pieces of GROUP_BYTES at most */
  #joined(pieces: readonly Uint8Array[]): Uint8Array {
    this.#scratch ??= Buffer.allocUnsafeSlow(GROUP_BYTES)
    let bytes = 0
    for (const piece of pieces) {
      this.#scratch.set(piece, bytes)
      bytes += piece.length
    }
    return this.#scratch.subarray(0, bytes)
  }
}

/** Ends what is compressed as one. */
export async function cut({ compressor, file }: Omit<ChainedFile, 'queued'>): Promise<void> {
  if (!compressor) return
  const rest = await compressor.cut()
  if (rest.length > 0) await file.append([rest])
}

/** Pieces that are bytes already: up to GROUP_BYTES, or one that has more. */
function endOfGroup(queued: readonly QueuedPiece[], from: number): number {
  let bytes = 0
  let end = from
  for (; end < queued.length; end++) {
    const { encoded } = queued[end]!
    if (typeof encoded === 'function') break
    bytes += encoded.length
    if (bytes > GROUP_BYTES && end > from) break
  }
  return end
}
