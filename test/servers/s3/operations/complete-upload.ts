import type { Call, Operation } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import type { Upload, UploadedPart } from '../store/upload.js'
import {
  CHECKSUM_ALGORITHMS,
  checksumElement,
  checksumOf,
  compositeChecksum,
  type StoredChecksum,
} from '../wire/checksum.js'
import { multipartEtag, quoted, unquoted } from '../wire/etag.js'
import { headerOf } from '../wire/fields.js'
import { encryptionHeaders } from '../wire/object-attributes.js'
import { elements, fromXml, textOf } from '../wire/xml.js'
import { xmlAnswer } from './answers.js'
import { uploadOf } from './multipart.js'
import { checkWriteOf } from './put-object.js'

/** Where a condition fails, the upload stays: it can be completed later, or aborted. After a conflict it is gone. */
export const completeMultipartUpload: Operation = (s3, call) => {
  const bucket = s3.store.bucket(call.bucket)
  const upload = uploadOf(s3, call)
  const parts = partsOf(call, upload)
  checkSizes(parts, s3.minPartBytes)
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const checksum = checksumOfObject(call, upload, { parts, bytes })
  checkDeclaredSize(call, bytes.length)
  try {
    checkWriteOf(call, bucket.objects.get(call.key))
  } catch (thrown) {
    // After a conflict, S3 says, an upload has to be begun again from its start.
    if (thrown instanceof S3Error && thrown.code === 'ConditionalRequestConflict') s3.store.dropUpload(bucket, upload)
    throw thrown
  }
  const object: StoredObject = {
    bytes,
    etag: multipartEtag(parts.map((part) => part.etag)),
    lastModifiedMs: s3.environment.clock.now(),
    attributes: upload.attributes,
    checksum,
    partSizes: parts.map((part) => part.bytes.length),
  }
  s3.store.completeUpload(bucket, upload, object)
  return xmlAnswer(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${call.headers.host ?? ''}/${call.bucket}/${call.key}`,
      Bucket: call.bucket,
      Key: call.key,
      ETag: quoted(object.etag),
      ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
    },
    encryptionHeaders(upload.attributes.encryption),
  )
}

/** The parts that the request lists, each checked against what was uploaded. */
function partsOf({ body }: Call, upload: Upload): readonly UploadedPart[] {
  const listed = elements(fromXml('CompleteMultipartUpload', body), 'Part')
  if (listed.length === 0) throw new S3Error('MalformedXML')
  let before = 0
  return listed.map((element) => {
    const number = Number(textOf(element, 'PartNumber'))
    const etag = textOf(element, 'ETag')
    if (!Number.isInteger(number) || etag === undefined) throw new S3Error('MalformedXML')
    if (number <= before) throw new S3Error('InvalidPartOrder', undefined, { UploadId: upload.id })
    before = number
    const part = upload.parts.get(number)
    if (part === undefined || part.etag !== unquoted(etag)) throw invalidPart(upload, number, etag)
    checkListedChecksum(element, upload, part)
    return part
  })
}

function checkListedChecksum(element: Record<string, unknown>, upload: Upload, part: UploadedPart): void {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = textOf(element, checksumElement(algorithm))
    if (value !== undefined && (part.checksum?.algorithm !== algorithm || part.checksum.value !== value)) {
      throw invalidPart(upload, part.number, part.etag)
    }
    if (value === undefined && upload.checksum?.algorithm === algorithm && upload.checksum.type === 'COMPOSITE') {
      const name = algorithm.toLowerCase()
      throw new S3Error(
        'InvalidRequest',
        `The upload was created using a ${name} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`,
      )
    }
  }
}

function checkSizes(parts: readonly UploadedPart[], minPartBytes: number): void {
  const small = parts.slice(0, -1).find((part) => part.bytes.length < minPartBytes)
  if (small === undefined) return
  throw new S3Error('EntityTooSmall', undefined, {
    ProposedSize: String(small.bytes.length),
    MinSizeAllowed: String(minPartBytes),
    PartNumber: String(small.number),
    ETag: small.etag,
  })
}

interface Assembled {
  readonly parts: readonly UploadedPart[]
  readonly bytes: Buffer
}

function checksumOfObject(call: Call, { checksum }: Upload, { parts, bytes }: Assembled): StoredChecksum | undefined {
  if (checksum === undefined) return undefined
  const { algorithm, type } = checksum
  const value =
    type === 'FULL_OBJECT'
      ? checksumOf(algorithm, bytes)
      : compositeChecksum(
          algorithm,
          parts.map((part) => part.checksum?.value ?? checksumOf(algorithm, part.bytes)),
        )
  if (type === 'FULL_OBJECT' && call.checksum !== undefined && call.checksum.value !== value) {
    throw new S3Error(
      'BadDigest',
      `The ${call.checksum.algorithm} you specified did not match the calculated checksum.`,
    )
  }
  return { algorithm, value, type }
}

function checkDeclaredSize({ headers }: Call, bytes: number): void {
  const declared = headerOf(headers, 'x-amz-mp-object-size')
  if (declared === undefined || Number(declared) === bytes) return
  throw new S3Error(
    'InvalidRequest',
    `The provided 'x-amz-mp-object-size' header value ${declared} does not match what was computed: ${bytes}`,
  )
}

function invalidPart(upload: Upload, number: number, etag: string): S3Error {
  return new S3Error('InvalidPart', undefined, { UploadId: upload.id, PartNumber: String(number), ETag: etag })
}
