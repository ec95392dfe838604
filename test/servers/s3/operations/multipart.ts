import type { Call, Operation, S3 } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { Upload, UploadedPart } from '../store/upload.js'
import { checksumAlgorithm, checksumElement, checksumHeader, checksumOf } from '../wire/checksum.js'
import { etagOf, quoted } from '../wire/etag.js'
import { headerOf, isoTime, wholeNumber } from '../wire/fields.js'
import { attributesOf, encryptionHeaders, isKmsEncrypted } from '../wire/object-attributes.js'
import { rangeOf } from '../wire/range.js'
import { NO_CONTENT, xmlAnswer } from './answers.js'
import { findCopySource } from './copy-object.js'
import { checkKey } from './put-object.js'

const MAX_PART_NUMBER = 10_000

export const createMultipartUpload: Operation = (s3, call) => {
  const bucket = s3.store.bucket(call.bucket)
  checkKey(call.key)
  const upload: Upload = {
    id: s3.store.nextUploadId(s3.environment.nonce()),
    key: call.key,
    initiatedMs: s3.environment.clock.now(),
    attributes: attributesOf(call.headers),
    checksum: uploadChecksum(call),
    parts: new Map(),
  }
  s3.store.createUpload(bucket, upload)
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    { Bucket: call.bucket, Key: call.key, UploadId: upload.id },
    {
      ...encryptionHeaders(upload.attributes.encryption),
      ...(upload.checksum && {
        'x-amz-checksum-algorithm': upload.checksum.algorithm,
        'x-amz-checksum-type': upload.checksum.type,
      }),
    },
  )
}

export const uploadPart: Operation = (s3, call) => {
  const upload = uploadOf(s3, call)
  const number = partNumber(call)
  const asked = upload.checksum?.algorithm
  if (asked !== undefined && call.checksum?.algorithm !== asked) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${asked.toLowerCase()}, actual checksum Type: ${call.checksum?.algorithm.toLowerCase() ?? 'null'}`,
    )
  }
  const part = makePart(s3, upload, { number, bytes: call.body, checksum: call.checksum })
  s3.store.putPart(upload, part)
  return {
    status: 200,
    headers: {
      etag: quoted(part.etag),
      ...encryptionHeaders(upload.attributes.encryption),
      ...(part.checksum && { [checksumHeader(part.checksum.algorithm)]: part.checksum.value }),
    },
  }
}

export const uploadPartCopy: Operation = (s3, call) => {
  const upload = uploadOf(s3, call)
  const number = partNumber(call)
  const { source } = findCopySource(s3, call)
  const bytes = copiedBytes(call, source.bytes)
  const algorithm = upload.checksum?.algorithm
  const checksum = algorithm && { algorithm, value: checksumOf(algorithm, bytes) }
  const part = makePart(s3, upload, { number, bytes, checksum })
  s3.store.putPart(upload, part)
  return xmlAnswer(
    'CopyPartResult',
    {
      LastModified: isoTime(part.lastModifiedMs),
      ETag: quoted(part.etag),
      ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value }),
    },
    encryptionHeaders(upload.attributes.encryption),
  )
}

export const abortMultipartUpload: Operation = (s3, call) => {
  s3.store.dropUpload(s3.store.bucket(call.bucket), uploadOf(s3, call))
  return NO_CONTENT
}

export function uploadOf(s3: S3, { bucket, key, query }: Call): Upload {
  return s3.store.upload(s3.store.bucket(bucket), key, query.get('uploadId') ?? '')
}

/** CRCs are kept of the parts unless the client asks for one of the whole; the others are always of the parts. */
function uploadChecksum({ headers }: Call): Upload['checksum'] {
  const algorithmHeader = headerOf(headers, 'x-amz-checksum-algorithm')
  if (algorithmHeader === undefined) return undefined
  const algorithm = checksumAlgorithm(algorithmHeader)
  const type = headerOf(headers, 'x-amz-checksum-type') ?? 'COMPOSITE'
  if (type === 'COMPOSITE') return { algorithm, type }
  if (type === 'FULL_OBJECT' && algorithm.startsWith('CRC')) return { algorithm, type }
  throw new S3Error(
    'InvalidRequest',
    `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  )
}

function partNumber({ query }: Call): number {
  const number = wholeNumber(query, 'partNumber')
  if (number !== undefined && number >= 1 && number <= MAX_PART_NUMBER) return number
  throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`, {
    ArgumentName: 'partNumber',
    ArgumentValue: query.get('partNumber') ?? '',
  })
}

function makePart(s3: S3, upload: Upload, part: Pick<UploadedPart, 'number' | 'bytes' | 'checksum'>): UploadedPart {
  const etag = etagOf(part.bytes, isKmsEncrypted(upload.attributes))
  return { ...part, etag, lastModifiedMs: s3.environment.clock.now() }
}

function copiedBytes({ headers }: Call, bytes: Buffer): Buffer {
  const header = headerOf(headers, 'x-amz-copy-source-range')
  if (header === undefined) return bytes
  const range = /^bytes=\d+-\d+$/.test(header) ? rangeOf(header, bytes.length) : undefined
  const last = Number(header.slice(header.indexOf('-') + 1))
  if (range === undefined || last >= bytes.length) {
    throw new S3Error('InvalidArgument', `Range specified is not valid for source object of size: ${bytes.length}`, {
      ArgumentName: 'x-amz-copy-source-range',
      ArgumentValue: header,
    })
  }
  // A view would keep all of the source in memory.
  return Buffer.from(bytes.subarray(range.start, range.end))
}
