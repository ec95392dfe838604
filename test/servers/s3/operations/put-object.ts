import type { Call, Operation } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import { checksumHeader, type StoredChecksum } from '../wire/checksum.js'
import { checkWrite } from '../wire/conditions.js'
import { etagOf, quoted } from '../wire/etag.js'
import { writeConditions } from '../wire/fields.js'
import { attributesOf, encryptionHeaders, isKmsEncrypted } from '../wire/object-attributes.js'

const MAX_KEY_BYTES = 1024

export const putObject: Operation = (s3, call) => {
  const bucket = s3.store.bucket(call.bucket)
  checkKey(call.key)
  const attributes = attributesOf(call.headers)
  checkWriteOf(call, bucket.objects.get(call.key))
  const checksum: StoredChecksum | undefined = call.checksum && { ...call.checksum, type: 'FULL_OBJECT' }
  const object: StoredObject = {
    bytes: call.body,
    etag: etagOf(call.body, isKmsEncrypted(attributes)),
    lastModifiedMs: s3.environment.clock.now(),
    attributes,
    checksum,
    partSizes: undefined,
  }
  s3.store.put(bucket, call.key, object)
  return {
    status: 200,
    headers: { etag: quoted(object.etag), ...encryptionHeaders(attributes.encryption), ...checksumHeaders(checksum) },
  }
}

/** The conditions of a write, and the further permission that If-Match asks for. */
export function checkWriteOf(call: Call, existing: StoredObject | undefined): void {
  const conditions = writeConditions(call)
  if (conditions.ifMatch !== undefined && !call.may('s3:GetObject', call.bucket, call.key)) {
    throw new S3Error('AccessDenied')
  }
  checkWrite(conditions, existing, call)
}

/** @throws S3Error KeyTooLongError */
export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes <= MAX_KEY_BYTES) return
  throw new S3Error('KeyTooLongError', undefined, { Size: String(bytes), MaxSizeAllowed: String(MAX_KEY_BYTES) })
}

export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {}
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type }
}
