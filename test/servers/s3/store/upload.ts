import type { ChecksumAlgorithm, ChecksumType, DeclaredChecksum } from '../wire/checksum.js'
import type { ObjectAttributes } from '../wire/object-attributes.js'

export interface UploadedPart {
  readonly number: number
  readonly bytes: Buffer
  /** Without quotes. */
  readonly etag: string
  readonly lastModifiedMs: number
  readonly checksum: DeclaredChecksum | undefined
}

export interface Upload {
  readonly id: string
  readonly key: string
  readonly initiatedMs: number
  readonly attributes: ObjectAttributes
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined
  /** By number, in no order. */
  readonly parts: Map<number, UploadedPart>
}

export function partsInOrder(upload: Upload): readonly UploadedPart[] {
  return [...upload.parts.values()].sort((left, right) => left.number - right.number)
}
