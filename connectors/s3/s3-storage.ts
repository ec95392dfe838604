import type { WriterContext } from '../../core/connector.js'
import type { FileToBegin, SinkStorage } from '../file/staged/storage.js'
import { ledgerFolder, objectName, sinkTag } from './names.js'
import { MOST_PARTS } from './options.js'
import { S3Agreement } from './s3-agreement.js'
import { S3File, type S3FileOptions } from './s3-file.js'
import { parseSuspended, type SuspendedUpload, type UploadedParts } from './upload.js'
import type { S3Uploads } from './uploads.js'

export interface S3StorageOptions {
  readonly uploads: S3Uploads
  /** '' or `a/b/`. */
  readonly base: string
  /** With the dot. */
  readonly extension: string
  readonly partBytes: number
  readonly onProgress: () => void
}

/** Unfinished files of one subtask: multipart uploads. */
export class S3Storage implements SinkStorage {
  readonly #context: WriterContext
  readonly #options: S3StorageOptions
  #heldBytes = 0
  readonly agreement: S3Agreement

  constructor(context: WriterContext, options: S3StorageOptions) {
    this.#context = context
    this.#options = options
    const { uploads, base } = options
    this.agreement = new S3Agreement(uploads.requests, ledgerFolder(base, { sink: sinkTag(context.operatorId) }))
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  begin(file: FileToBegin): S3File {
    return new S3File(this.#fileOptions(this.#keyOf(file)))
  }

  /** The same upload, with the tail as its last part, under a number that no other generation's part has. */
  async resume(suspended: unknown, file: FileToBegin): Promise<() => UploadedParts> {
    const { operatorId, generation } = this.#context
    const { uploads, base } = this.#options
    const found = parseSuspended(suspended, operatorId, base)
    const { uploadId, tail } = found
    if (uploadId === undefined) {
      const copy = this.begin(file)
      await copy.append([tail])
      return copy.finish()
    }
    const upload = { ...found, uploadId }
    if (!(await this.#hasParts(upload))) {
      // A file that this very point was restored to before.
      await uploads.requireShown({ ...asUploaded(upload), rows: 0 })
      return () => asUploaded(upload)
    }
    if (tail.length === 0) return () => asUploaded(upload)
    const part = await uploads.uploadPart(upload, MOST_PARTS + 1 + (generation % (MOST_PARTS - 1)), tail)
    return () => ({ ...asUploaded(upload), parts: [...upload.parts, part] })
  }

  async sync(): Promise<void> {}

  interrupt(): void {
    this.#options.uploads.requests.interrupt()
  }

  close(): void {
    this.#options.uploads.requests.release()
  }

  /** False: the upload is not there. */
  async #hasParts(upload: SuspendedUpload & { readonly uploadId: string }): Promise<boolean> {
    const stored = await this.#options.uploads.listParts(upload)
    return (
      stored !== undefined &&
      upload.parts.every((part) =>
        stored.some(({ number, bytes }) => {
          return number === part.number && bytes === part.bytes
        }),
      )
    )
  }

  #keyOf({ folder, number, after }: FileToBegin): string {
    const { base, extension } = this.#options
    const { lineage, generation, subtask, operatorId } = this.#context
    const name = { lineage, generation, after, subtask: subtask.index, number, sink: sinkTag(operatorId) }
    return `${base}${folder}${objectName(name, extension)}`
  }

  #fileOptions(key: string): S3FileOptions {
    const { uploads, partBytes, onProgress } = this.#options
    return {
      ...{ uploads, key, partBytes },
      hold: (bytes) => {
        this.#heldBytes += bytes
        if (bytes < 0) onProgress()
      },
      warn: (message, fields) => this.#context.logger.warn(message, fields),
    }
  }
}

function asUploaded({
  key,
  uploadId,
  parts,
  bytes,
  crc32,
}: SuspendedUpload & { readonly uploadId: string }): UploadedParts {
  return { key, uploadId, parts, bytes, crc32 }
}
