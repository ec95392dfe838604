import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { GzipStream } from './gzip-stream.js'

export interface FinishedFile {
  readonly staged: string
  readonly bytes: number
  readonly crc32: number
}

/** One unfinished file. Calls do not overlap. */
export class StagedFile {
  readonly #folder: string
  readonly #name: string
  readonly #gzip: GzipStream | undefined
  #file: FileHandle | undefined
  #bytes = 0
  #crc32 = 0

  constructor(folder: string, name: string, compression: 'gzip' | undefined) {
    this.#folder = folder
    this.#name = name
    this.#gzip = compression && new GzipStream()
  }

  async append(piece: Uint8Array): Promise<void> {
    await this.#store(this.#gzip ? await this.#gzip.push(piece) : piece)
  }

  /** Durable when it resolves, but for the folder's entry. */
  async finish(): Promise<FinishedFile> {
    if (this.#gzip) await this.#store(await this.#gzip.end())
    const file = await this.#opened()
    await file.sync()
    await file.close()
    this.#file = undefined
    return { staged: this.#name, bytes: this.#bytes, crc32: this.#crc32 }
  }

  /** Removes it. May follow a failure of anything above. */
  async discard(): Promise<void> {
    this.#gzip?.destroy()
    await this.#file?.close()
    this.#file = undefined
    await rm(join(this.#folder, this.#name), { force: true })
  }

  async #store(bytes: Uint8Array): Promise<void> {
    const file = await this.#opened()
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, from)
      from += bytesWritten
    }
    this.#bytes += bytes.length
    this.#crc32 = crc32(bytes, this.#crc32)
  }

  async #opened(): Promise<FileHandle> {
    this.#file ??= await open(join(this.#folder, this.#name), 'wx')
    return this.#file
  }
}

/** The CRC-32 of a file, read in pieces. */
export async function checksumOf(path: string): Promise<number> {
  let checksum = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) checksum = crc32(chunk, checksum)
  return checksum
}
