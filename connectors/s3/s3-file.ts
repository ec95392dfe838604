import { crc32 } from 'node:zlib'
import type { UnfinishedFile } from '../file/staged/storage.js'
import type { Part, SuspendedUpload, UploadedParts } from './upload.js'
import type { S3Uploads } from './uploads.js'

export interface S3FileOptions {
  readonly uploads: S3Uploads
  readonly key: string
  readonly partBytes: number
  /** Told of bytes that come into memory and leave it. */
  readonly hold: (bytes: number) => void
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Parts of one file under way at once. */
const PARALLEL_PARTS = 4

/** One file on its way to S3: parts of an upload, begun with the first of them, and the bytes that are too few for one. */
export class S3File implements UnfinishedFile {
  readonly #options: S3FileOptions
  readonly #parts: Part[] = []
  #uploadId: Promise<string> | undefined
  #mayHaveStrays = false
  #pieces: Uint8Array[] = []
  #waiting = 0
  #bytes = 0
  #crc32 = 0
  #nextPart = 1
  readonly #sending = new Set<Promise<void>>()

  constructor(options: S3FileOptions) {
    this.#options = options
  }

  get waitingBytes(): number {
    return this.#waiting
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#waiting += piece.length
      this.#bytes += piece.length
      this.#crc32 = crc32(piece, this.#crc32)
      this.#options.hold(piece.length)
    }
    const { partBytes } = this.#options
    while (this.#waiting >= partBytes) await this.#send(this.#cut(partBytes))
  }

  async suspend(): Promise<{ readonly id: string; readonly state: SuspendedUpload }> {
    await this.#allSent()
    const { key } = this.#options
    const uploadId = await this.#uploadId
    const tail = Buffer.concat(this.#pieces)
    const state = { key, uploadId, parts: [...this.#parts], tail, bytes: this.#bytes, crc32: this.#crc32 }
    return { id: uploadId ?? key, state }
  }

  async finish(): Promise<() => UploadedParts> {
    if (this.#waiting > 0) await this.#send(this.#cut(this.#waiting))
    await this.#allSent()
    const { key, uploads } = this.#options
    const uploadId = await this.#upload()
    if (this.#mayHaveStrays) {
      for (const found of await uploads.list(key)) {
        if (found.key === key && found.uploadId !== uploadId) await uploads.abort(found, 'surely')
      }
    }
    const upload = { key, uploadId, parts: this.#parts, bytes: this.#bytes, crc32: this.#crc32 }
    return () => upload
  }

  async leave(): Promise<void> {
    await Promise.allSettled(this.#sending)
    this.#options.hold(-this.#waiting)
    this.#waiting = 0
    this.#pieces = []
  }

  async discard(): Promise<void> {
    await this.leave()
    if (this.#uploadId === undefined) return
    const { key, uploads, warn } = this.#options
    try {
      await uploads.abort({ key, uploadId: await this.#uploadId }, 'briefly')
    } catch (error) {
      // The next generation sweeps it.
      warn('an unfinished upload could not be aborted', { key, error: String(error) })
    }
  }

  /** Begins the upload with its first part. */
  #upload(): Promise<string> {
    this.#uploadId ??= this.#options.uploads.create(this.#options.key).then(({ uploadId, mayHaveStrays }) => {
      this.#mayHaveStrays = mayHaveStrays
      return uploadId
    })
    return this.#uploadId
  }

  /** Waits until the part is under way, not until it is there. */
  async #send(body: Uint8Array): Promise<void> {
    const number = this.#nextPart++
    while (this.#sending.size >= PARALLEL_PARTS) await Promise.race(this.#sending)
    const { key, uploads, hold } = this.#options
    const sending = this.#upload()
      .then((uploadId) => uploads.uploadPart({ key, uploadId }, number, body))
      .then((part) => {
        this.#parts[number - 1] = part
        this.#sending.delete(sending)
      })
      .finally(() => hold(-body.length))
    this.#sending.add(sending)
    // One that failed stays among them, and fails whoever waits next.
    sending.catch(() => undefined)
  }

  async #allSent(): Promise<void> {
    await Promise.all(this.#sending)
  }

  #cut(bytes: number): Uint8Array {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    const body = all.subarray(0, bytes)
    const rest = all.subarray(bytes)
    // A copy: a view would keep the whole in memory.
    this.#pieces = rest.length > 0 ? [Uint8Array.prototype.slice.call(rest)] : []
    this.#waiting = rest.length
    return body
  }
}
