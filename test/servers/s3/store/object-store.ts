import { S3Error } from '../s3-error.js'
import { Bucket, type StoredObject } from './bucket.js'
import type { Upload, UploadedPart } from './upload.js'
import { WritesInFlight } from './writes-in-flight.js'

/** What a key, its attributes and the entries in maps take, roughly: a million empty objects are not free. */
const OVERHEAD_BYTES = 512

/** All buckets, bounded in memory. Each change is one synchronous step. */
export class ObjectStore {
  readonly maxBytes: number
  readonly buckets = new Map<string, Bucket>()
  readonly writes = new WritesInFlight()
  #heldBytes = 0
  #uploadsBegun = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** What counts towards `maxBytes`. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const found = this.buckets.get(name)
    if (found === undefined) throw new S3Error('NoSuchBucket', undefined, { BucketName: name })
    return found
  }

  object(bucket: Bucket, key: string): StoredObject {
    const found = bucket.objects.get(key)
    if (found === undefined) throw new S3Error('NoSuchKey', undefined, { Key: key })
    return found
  }

  /** @throws S3Error NoSuchUpload: none of that id, or one of another key */
  upload(bucket: Bucket, key: string, id: string): Upload {
    const found = bucket.uploads.get(id)
    if (found?.key !== key) throw new S3Error('NoSuchUpload', undefined, { UploadId: id })
    return found
  }

  createBucket(name: string, nowMs: number): void {
    this.buckets.set(name, new Bucket(name, nowMs))
  }

  /** With all that is in it. */
  dropBucket(bucket: Bucket): void {
    for (const key of bucket.objects.keys()) this.delete(bucket, key)
    for (const upload of bucket.uploads.values()) this.dropUpload(bucket, upload)
    this.buckets.delete(bucket.name)
  }

  /** @throws S3Error LocalStorageFull */
  put(bucket: Bucket, key: string, object: StoredObject): void {
    const replaced = bucket.objects.get(key)
    this.#charge(costOf(object) - (replaced === undefined ? 0 : costOf(replaced)))
    bucket.objects.set(key, object)
    bucket.keys.add(key)
  }

  delete(bucket: Bucket, key: string): void {
    const object = bucket.objects.get(key)
    this.writes.deleted(bucket.name, key)
    if (object === undefined) return
    this.#charge(-costOf(object))
    bucket.objects.delete(key)
    bucket.keys.delete(key)
  }

  /** Ids in the order in which uploads begin, so that a page can go on behind one that is gone. */
  nextUploadId(nonce: string): string {
    return `${String(this.#uploadsBegun++).padStart(12, '0')}-${nonce}`
  }

  /** @throws S3Error LocalStorageFull */
  createUpload(bucket: Bucket, upload: Upload): void {
    this.#charge(OVERHEAD_BYTES)
    bucket.uploads.set(upload.id, upload)
  }

  /** @throws S3Error LocalStorageFull */
  putPart(upload: Upload, part: UploadedPart): void {
    const replaced = upload.parts.get(part.number)
    this.#charge(costOf(part) - (replaced === undefined ? 0 : costOf(replaced)))
    upload.parts.set(part.number, part)
  }

  /** The upload becomes an object; its other parts are gone. */
  completeUpload(bucket: Bucket, upload: Upload, object: StoredObject): void {
    this.dropUpload(bucket, upload)
    this.put(bucket, upload.key, object)
  }

  dropUpload(bucket: Bucket, upload: Upload): void {
    if (!bucket.uploads.delete(upload.id)) return
    for (const part of upload.parts.values()) this.#charge(-costOf(part))
    this.#charge(-OVERHEAD_BYTES)
  }

  #charge(bytes: number): void {
    if (bytes > 0 && this.#heldBytes + bytes > this.maxBytes) {
      throw new S3Error('LocalStorageFull', undefined, { HeldBytes: String(this.#heldBytes) })
    }
    this.#heldBytes += bytes
  }
}

function costOf(held: { readonly bytes: Buffer }): number {
  return held.bytes.length + OVERHEAD_BYTES
}
