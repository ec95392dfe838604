import type { Call, Operation, S3 } from '../s3.js'
import { S3Error } from '../s3-error.js'
import { unquoted } from '../wire/etag.js'
import { elements, fromXml, textOf, type XmlObject } from '../wire/xml.js'
import { NO_CONTENT, xmlAnswer } from './answers.js'

const MAX_KEYS = 1000

/** Deleting what is not there succeeds. */
export const deleteObject: Operation = (s3, call) => {
  deleteOne(s3, call, call.key, call.headers['if-match'])
  return NO_CONTENT
}

export const deleteObjects: Operation = (s3, call) => {
  if (call.checksum === undefined && call.headers['content-md5'] === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  s3.store.bucket(call.bucket)
  const request = fromXml('Delete', call.body)
  const objects = elements(request, 'Object')
  if (objects.length === 0 || objects.length > MAX_KEYS) throw new S3Error('MalformedXML')
  const isQuiet = textOf(request, 'Quiet') === 'true'
  const deleted: XmlObject[] = []
  const errors: XmlObject[] = []
  for (const object of objects) {
    const key = textOf(object, 'Key')
    if (key === undefined || key === '') throw new S3Error('MalformedXML')
    try {
      if (!call.may('s3:DeleteObject', call.bucket, key)) throw new S3Error('AccessDenied')
      deleteOne(s3, call, key, textOf(object, 'ETag'))
      if (!isQuiet) deleted.push({ Key: key })
    } catch (thrown) {
      if (!(thrown instanceof S3Error)) throw thrown
      errors.push({ Key: key, Code: thrown.code, Message: thrown.message })
    }
  }
  return xmlAnswer('DeleteResult', { Deleted: deleted, Error: errors })
}

/** A condition that names an ETag holds for what is gone already; `*` asks that there is something. */
function deleteOne(s3: S3, call: Call, key: string, ifMatch: string | undefined): void {
  const bucket = s3.store.bucket(call.bucket)
  const existing = bucket.objects.get(key)
  const holds =
    ifMatch === undefined ||
    (ifMatch.trim() === '*' ? existing !== undefined : existing === undefined || existing.etag === unquoted(ifMatch))
  if (!holds) throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' })
  s3.store.delete(bucket, key)
}
