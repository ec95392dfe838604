import { createHash } from 'node:crypto'
import { committableInvalid, type FileFacts, isCount, isFolder } from '../file/staged/entries.js'
import { parseObjectName } from './names.js'

export interface Part {
  readonly number: number
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
}

/** An upload whose parts are all there, or were at a checkpoint. Plain data. */
export interface UploadedParts {
  readonly key: string
  readonly uploadId: string
  readonly parts: readonly Part[]
  /** Of all of the object. */
  readonly bytes: number
  readonly crc32: number
}

/** Of a file that goes on: its parts, and the bytes that are too few for one. */
export interface SuspendedUpload {
  readonly key: string
  /** Undefined while it has no part. */
  readonly uploadId: string | undefined
  readonly parts: readonly Part[]
  readonly tail: Uint8Array
  /** Of parts and tail. */
  readonly bytes: number
  readonly crc32: number
}

export type UploadCommittable = FileFacts & UploadedParts

/** @throws TidemarkError COMMITTABLE_INVALID */
export function parseCommittable(found: unknown, operatorId: string, base: string): UploadCommittable {
  const upload = (typeof found === 'object' && found !== null ? found : {}) as Partial<UploadCommittable>
  const { version, generation, checkpointId, folder, rows } = upload
  const hasFacts = [generation, checkpointId, rows].every(isCount) && isFolder(folder)
  if (version === 1 && hasFacts && typeof upload.uploadId === 'string' && isSound(upload, base)) {
    return upload as UploadCommittable
  }
  throw committableInvalid(operatorId, version)
}

/** @throws TidemarkError COMMITTABLE_INVALID */
export function parseSuspended(found: unknown, operatorId: string, base: string): SuspendedUpload {
  const upload = (typeof found === 'object' && found !== null ? found : {}) as Partial<SuspendedUpload>
  const { uploadId, tail } = upload
  const hasId = typeof uploadId === 'string' || (uploadId === undefined && upload.parts?.length === 0)
  if (hasId && tail instanceof Uint8Array && isSound(upload, base)) return upload as SuspendedUpload
  throw committableInvalid(operatorId, 1)
}

/** A checkpoint must not lead to objects that are not the sink's. */
function isSound({ key, parts, bytes, crc32 }: Partial<Omit<UploadedParts, 'uploadId'>>, base: string): boolean {
  const isOurs = typeof key === 'string' && key.startsWith(base) && parseObjectName(key) !== undefined
  return isOurs && Array.isArray(parts) && parts.every(isPart) && isCount(bytes) && isCount(crc32)
}

function isPart(found: Partial<Part>): boolean {
  return isCount(found?.number) && isCount(found.bytes) && typeof found.etag === 'string'
}

/** The ETag of an object that was uploaded in parts, where no key of KMS encrypts it. */
export function etagOfParts(parts: readonly Part[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

/** As S3 writes it: base64 of the four bytes, big endian. */
export function crc32Header(checksum: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(checksum)
  return bytes.toString('base64')
}
