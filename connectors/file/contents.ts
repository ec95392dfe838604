import type { FileHandle } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const CHUNK_BYTES = 64 * 1024

export interface ContentsOptions {
  readonly gzip: boolean
  /** Size of the file on disk: nothing behind it is read. */
  readonly bytes: number
  /** Where to begin, in the decompressed contents. */
  readonly offset: number
}

/** Gzip by its magic number, whatever the file is called. */
export async function isGzip(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}

/**
 * The decompressed contents from `offset` on, in chunks, read as they are asked for. A plain file is read from there;
 * gzip has to be decompressed from its start.
 */
export function readContents(file: FileHandle, options: ContentsOptions): AsyncGenerator<Buffer, void> {
  return options.gzip ? decompressed(file, options) : stored(file, options.offset, options.bytes)
}

async function* stored(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer, void> {
  let position = from
  while (position < to) {
    // A fresh buffer each time: records keep pointing into it.
    const length = Math.min(CHUNK_BYTES, to - position)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function* decompressed(file: FileHandle, options: ContentsOptions): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  // The error also arrives where the output is read.
  pipeline(Readable.from(stored(file, 0, options.bytes)), gunzip, () => undefined)
  let toSkip = options.offset
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    const skipped = Math.min(toSkip, chunk.length)
    toSkip -= skipped
    if (skipped < chunk.length) yield chunk.subarray(skipped)
  }
}
