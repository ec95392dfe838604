import { createReadStream } from 'node:fs'
import { copyFile, type FileHandle, open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { TidemarkError } from '../../../core/errors.js'
import { systemCode } from '../errors.js'
import type { UnfinishedFile } from '../staged/storage.js'

/** A file as a checkpoint has it. */
export interface FileAsOf {
  readonly staged: string
  readonly bytes: number
  readonly crc32: number
}

export interface FolderFileOptions {
  /** Where unfinished files are. */
  readonly folder: string
  readonly name: string
  /** Its name in the output, by the checkpoint that shows it. */
  readonly finalName: (checkpointId: number) => string
}

interface FileOptions extends FolderFileOptions {
  /** Told of bytes that come into memory and leave it. */
  readonly hold: (bytes: number) => void
}

/** One unfinished file in a staging folder. */
export class FolderFile implements UnfinishedFile {
  readonly #options: FileOptions
  #file: FileHandle | undefined
  #bytes = 0
  #crc32 = 0
  readonly waitingBytes = 0

  constructor(options: FileOptions) {
    this.#options = options
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    this.#options.hold(bytes)
    try {
      const file = await this.#opened()
      await writeAll(file, pieces)
      for (const piece of pieces) this.#crc32 = crc32(piece, this.#crc32)
      this.#bytes += bytes
    } finally {
      this.#options.hold(-bytes)
    }
  }

  async suspend(): Promise<{ readonly id: string; readonly state: FileAsOf }> {
    const file = await this.#opened()
    await file.sync()
    return { id: this.#options.name, state: this.#asOf() }
  }

  /** Durable when it resolves, but for the folder's entry. */
  async finish(): Promise<(checkpointId: number) => FileAsOf & { readonly final: string }> {
    const file = await this.#opened()
    await file.sync()
    await file.close()
    this.#file = undefined
    return (checkpointId) => ({ ...this.#asOf(), final: this.#options.finalName(checkpointId) })
  }

  async leave(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async discard(): Promise<void> {
    await this.leave()
    await rm(join(this.#options.folder, this.#options.name), { force: true })
  }

  #asOf(): FileAsOf {
    return { staged: this.#options.name, bytes: this.#bytes, crc32: this.#crc32 }
  }

  async #opened(): Promise<FileHandle> {
    this.#file ??= await open(join(this.#options.folder, this.#options.name), 'wx')
    return this.#file
  }
}

/** A disk that is nearly full takes a part. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten } = await file.writev(pieces)
  for (const piece of pieces) {
    let from = Math.min(bytesWritten, piece.length)
    bytesWritten -= from
    while (from < piece.length) from += (await file.write(piece, from)).bytesWritten
  }
}

/**
 * A copy of a file as it was at a checkpoint: the process that wrote it may still be at it.
 * @throws TidemarkError COMMITTABLE_MISSING, COMMITTABLE_DAMAGED
 */
export async function copyAsOf(
  { staged, bytes, crc32: expected }: FileAsOf,
  options: FolderFileOptions & { readonly operatorId: string },
): Promise<FileAsOf> {
  const { folder, name, operatorId } = options
  const from = join(folder, staged)
  const to = join(folder, name)
  const fatal = (code: 'COMMITTABLE_MISSING' | 'COMMITTABLE_DAMAGED', message: string): TidemarkError =>
    new TidemarkError({ code, domain: 'storage', operatorId, message: `sink '${operatorId}': ${from} ${message}` })
  try {
    await copyFile(from, to)
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT') throw thrown
    throw fatal(
      'COMMITTABLE_MISSING',
      'was being written at the checkpoint and is gone: its rows are lost. If staging or path of the sink was changed ' +
        'or moved, undo that and start again',
    )
  }
  const copy = await open(to, 'r+')
  try {
    const { size } = await copy.stat()
    if (size < bytes) throw fatal('COMMITTABLE_DAMAGED', `has ${size} bytes, and had ${bytes} at the checkpoint`)
    await truncate(to, bytes)
    const found = await checksumOf(to)
    if (found !== expected) throw fatal('COMMITTABLE_DAMAGED', 'is not what it was at the checkpoint (CRC-32)')
    await copy.sync()
  } finally {
    await copy.close()
  }
  return { staged: name, bytes, crc32: expected }
}

/** The CRC-32 of a file, read in pieces. */
export async function checksumOf(path: string): Promise<number> {
  let checksum = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) checksum = crc32(chunk, checksum)
  return checksum
}
