import { loadZstd, type ZstdCompress } from '../../zstd/load.js'
import { GzipStream } from './gzip-stream.js'

export type Compression = 'gzip' | 'zstd'
export const COMPRESSIONS: readonly Compression[] = ['gzip', 'zstd']

/** Compresses the pieces of one file. Calls do not overlap. */
export interface Compressor {
  /** Whether it does so on the event loop. Otherwise larger pieces are better: there are fewer ways there and back. */
  readonly holdsLoop: boolean
  /** Where it does not hold the event loop, the piece may be written over once this resolves. */
  push(piece: Uint8Array): Promise<Uint8Array>
  /**
   * What was pushed can be read without anything that follows: both formats are read as one where members, or frames,
   * stand one after the other.
   */
  cut(): Promise<Uint8Array>
  destroy(): void
}

export const EXTENSIONS: Readonly<Record<Compression, string>> = { gzip: '.gz', zstd: '.zst' }

/** @throws TidemarkError DEPENDENCY_MISSING */
export async function loadCompression(
  where: string,
  compression: Compression | undefined,
): Promise<(() => Compressor) | undefined> {
  if (compression === undefined) return undefined
  if (compression === 'gzip') return () => new GzipCompressor()
  const compress = await loadZstd(where)
  return () => new ZstdCompressor(compress)
}

class GzipCompressor implements Compressor {
  readonly holdsLoop = false
  #member: GzipStream | undefined

  push(piece: Uint8Array): Promise<Uint8Array> {
    this.#member ??= new GzipStream()
    return this.#member.push(piece)
  }

  async cut(): Promise<Uint8Array> {
    const member = this.#member
    this.#member = undefined
    return member ? member.end() : new Uint8Array()
  }

  destroy(): void {
    this.#member?.destroy()
  }
}

/** Of a frame: what is compressed at once holds the event loop for about 2 ms. */
const FRAME_BYTES = 256 * 1024

class ZstdCompressor implements Compressor {
  readonly holdsLoop = true
  readonly #compress: ZstdCompress
  #pieces: Uint8Array[] = []
  #bytes = 0

  constructor(compress: ZstdCompress) {
    this.#compress = compress
  }

  async push(piece: Uint8Array): Promise<Uint8Array> {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    return this.#bytes < FRAME_BYTES ? new Uint8Array() : this.cut()
  }

  async cut(): Promise<Uint8Array> {
    if (this.#bytes === 0) return new Uint8Array()
    const frame = Buffer.concat(this.#pieces)
    this.destroy()
    return this.#compress(frame)
  }

  destroy(): void {
    this.#pieces = []
    this.#bytes = 0
  }
}
