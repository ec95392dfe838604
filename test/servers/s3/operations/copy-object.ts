import type { Call, Operation, S3 } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import { checksumAlgorithm, checksumElement, checksumOf, type StoredChecksum } from '../wire/checksum.js'
import { checkRead } from '../wire/conditions.js'
import { etagOf, quoted } from '../wire/etag.js'
import { type CopySource, copySource, copySourceConditions, headerOf, isoTime } from '../wire/fields.js'
import { attributesOf, encryptionHeaders, isKmsEncrypted, type ObjectAttributes } from '../wire/object-attributes.js'
import { xmlAnswer } from './answers.js'
import { checkKey, checkWriteOf } from './put-object.js'

export const copyObject: Operation = (s3, call) => {
  const bucket = s3.store.bucket(call.bucket)
  checkKey(call.key)
  const { source, from } = findCopySource(s3, call)
  const attributes = copiedAttributes(call, source, from)
  checkWriteOf(call, bucket.objects.get(call.key))
  const checksum = copiedChecksum(call, source)
  const object: StoredObject = {
    bytes: source.bytes,
    etag: etagOf(source.bytes, isKmsEncrypted(attributes)),
    lastModifiedMs: s3.environment.clock.now(),
    attributes,
    checksum,
    partSizes: undefined,
  }
  s3.store.put(bucket, call.key, object)
  return xmlAnswer(
    'CopyObjectResult',
    {
      LastModified: isoTime(object.lastModifiedMs),
      ETag: quoted(object.etag),
      ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
    },
    encryptionHeaders(attributes.encryption),
  )
}

/** What CopyObject and UploadPartCopy read, as far as the caller may. */
export function findCopySource(s3: S3, call: Call): { readonly source: StoredObject; readonly from: CopySource } {
  const from = copySource(call)
  if (!call.may('s3:GetObject', from.bucket, from.key)) throw new S3Error('AccessDenied')
  const source = s3.store.object(s3.store.bucket(from.bucket), from.key)
  if (checkRead(copySourceConditions(call), source) === 'notModified') throw new S3Error('PreconditionFailed')
  return { source, from }
}

function copiedAttributes(call: Call, source: StoredObject, from: CopySource): ObjectAttributes {
  const given = attributesOf(call.headers)
  const replaces = headerOf(call.headers, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE'
  if (replaces) return given
  const encrypts = call.headers['x-amz-server-side-encryption'] !== undefined
  if (from.bucket === call.bucket && from.key === call.key && !encrypts) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
  return { ...source.attributes, encryption: given.encryption }
}

function copiedChecksum(call: Call, { checksum, bytes }: StoredObject): StoredChecksum | undefined {
  const asked = headerOf(call.headers, 'x-amz-checksum-algorithm')
  const algorithm = asked === undefined ? checksum?.algorithm : checksumAlgorithm(asked)
  if (algorithm === undefined) return undefined
  return { algorithm, value: checksumOf(algorithm, bytes), type: 'FULL_OBJECT' }
}
