import type { StoredChecksum } from '../wire/checksum.js'
import type { ObjectAttributes } from '../wire/object-attributes.js'
import { SortedKeys } from './sorted-keys.js'
import type { Upload } from './upload.js'

export interface StoredObject {
  readonly bytes: Buffer
  /** Without quotes. */
  readonly etag: string
  readonly lastModifiedMs: number
  readonly attributes: ObjectAttributes
  readonly checksum: StoredChecksum | undefined
  /** The sizes of its parts, for an object of a multipart upload. */
  readonly partSizes: readonly number[] | undefined
}

/** Objects and uploads of one name. The bytes they hold are counted by the store, which alone changes them. */
export class Bucket {
  readonly name: string
  readonly createdAtMs: number
  readonly keys = new SortedKeys()
  readonly objects = new Map<string, StoredObject>()
  /** By upload id. */
  readonly uploads = new Map<string, Upload>()

  constructor(name: string, createdAtMs: number) {
    this.name = name
    this.createdAtMs = createdAtMs
  }
}
