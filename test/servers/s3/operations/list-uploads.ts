import type { Operation } from '../s3.js'
import type { Bucket } from '../store/bucket.js'
import { commonPrefix } from '../store/listing.js'
import { compareUtf8 } from '../store/sorted-keys.js'
import { partsInOrder, type Upload, type UploadedPart } from '../store/upload.js'
import { checksumElement } from '../wire/checksum.js'
import { quoted } from '../wire/etag.js'
import { isoTime, keyEncoding, pageLimit, wholeNumber } from '../wire/fields.js'
import type { XmlObject } from '../wire/xml.js'
import { xmlAnswer } from './answers.js'
import { uploadOf } from './multipart.js'

export const listParts: Operation = (s3, call) => {
  const upload = uploadOf(s3, call)
  const encode = keyEncoding(call.query)
  const limit = pageLimit(call.query, 'max-parts')
  const marker = wholeNumber(call.query, 'part-number-marker') ?? 0
  const following = partsInOrder(upload).filter((part) => part.number > marker)
  const page = following.slice(0, limit)
  const isTruncated = limit > 0 && following.length > page.length
  return xmlAnswer('ListPartsResult', {
    Bucket: call.bucket,
    Key: encode(call.key),
    UploadId: upload.id,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: isTruncated ? page.at(-1)?.number : undefined,
    MaxParts: limit,
    IsTruncated: isTruncated,
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
    Part: page.map(partElement),
  })
}

export const listMultipartUploads: Operation = (s3, call) => {
  const bucket = s3.store.bucket(call.bucket)
  const { query } = call
  const encode = keyEncoding(query)
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const [keyMarker, uploadIdMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? '']
  const limit = pageLimit(query, 'max-uploads')
  const page = pageOfUploads(bucket, { prefix, delimiter, keyMarker, uploadIdMarker, limit })
  const { uploads, prefixes, last } = page
  return xmlAnswer('ListMultipartUploadsResult', {
    Bucket: call.bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: uploadIdMarker,
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.id,
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: limit,
    IsTruncated: last !== undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    Upload: uploads.map((upload) => uploadElement(upload, encode)),
    CommonPrefixes: prefixes.map((one) => ({ Prefix: encode(one) })),
  })
}

interface UploadsRequest {
  readonly prefix: string
  readonly delimiter: string
  readonly keyMarker: string
  readonly uploadIdMarker: string
  readonly limit: number
}

interface UploadsPage {
  readonly uploads: readonly Upload[]
  readonly prefixes: readonly string[]
  /** Where the next page goes on, if there is one; a common prefix has no id. */
  readonly last: { readonly key: string; readonly id?: string } | undefined
}

/** By key, and among uploads of one key in the order in which they began, which is that of their ids. */
function pageOfUploads(bucket: Bucket, request: UploadsRequest): UploadsPage {
  const ordered = [...bucket.uploads.values()].sort((left, right) => {
    return compareUtf8(left.key, right.key) || compareUtf8(left.id, right.id)
  })
  const uploads: Upload[] = []
  const prefixes: string[] = []
  let last: UploadsPage['last']
  for (const upload of ordered) {
    if (!upload.key.startsWith(request.prefix) || !follows(upload, request)) continue
    const common = commonPrefix(upload.key, request.prefix, request.delimiter)
    if (common !== undefined && (common === request.keyMarker || common === prefixes.at(-1))) continue
    if (uploads.length + prefixes.length === request.limit) return { uploads, prefixes, last }
    if (common === undefined) uploads.push(upload)
    else prefixes.push(common)
    last = common === undefined ? upload : { key: common }
  }
  return { uploads, prefixes, last: undefined }
}

/** The marked upload itself may be gone: whoever cleans up aborts what a page shows before asking for the next. */
function follows({ key, id }: Upload, { keyMarker, uploadIdMarker }: UploadsRequest): boolean {
  const order = compareUtf8(key, keyMarker)
  return order > 0 || (order === 0 && uploadIdMarker !== '' && compareUtf8(id, uploadIdMarker) > 0)
}

function partElement({ number, lastModifiedMs, etag, bytes, checksum }: UploadedPart): XmlObject {
  return {
    PartNumber: number,
    LastModified: isoTime(lastModifiedMs),
    ETag: quoted(etag),
    Size: bytes.length,
    ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value }),
  }
}

function uploadElement(upload: Upload, encode: (text: string) => string): XmlObject {
  return {
    Key: encode(upload.key),
    UploadId: upload.id,
    StorageClass: 'STANDARD',
    Initiated: isoTime(upload.initiatedMs),
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
  }
}
