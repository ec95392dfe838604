import type { IncomingHttpHeaders } from 'node:http'
import type { OperationName } from '../operations/names.js'
import { S3Error } from '../s3-error.js'

/** Headers that ask for what this server does not have. To take them without doing it would be a lie. */
const UNSUPPORTED: readonly string[] = [
  'x-amz-acl',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-tagging',
  'x-amz-write-offset-bytes',
]

const WITH_LENGTH: ReadonlySet<OperationName> = new Set(['PutObject', 'UploadPart'])

/** @throws S3Error NotImplemented, MissingContentLength */
export function checkSupported(operation: OperationName, headers: IncomingHttpHeaders): void {
  const found = UNSUPPORTED.find((name) => headers[name] !== undefined)
  if (found !== undefined) throw new S3Error('NotImplemented', undefined, { Header: found })
  if (!WITH_LENGTH.has(operation)) return
  if (headers['content-length'] === undefined && headers['x-amz-decoded-content-length'] === undefined) {
    throw new S3Error('MissingContentLength')
  }
}
