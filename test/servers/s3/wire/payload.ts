import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { OperationName } from '../operations/names.js'
import { S3Error } from '../s3-error.js'
import { decodeAwsChunked } from './aws-chunked.js'
import { type DeclaredChecksum, declaredChecksum, verifyChecksum, verifyContentMd5 } from './checksum.js'

export interface Payload {
  readonly body: Buffer
  readonly checksum: DeclaredChecksum | undefined
}

/**
 * What a request carries, out of its transfer coding and verified by every checksum that came with it.
 *
 * @throws S3Error
 */
export function payloadOf(operation: OperationName, raw: Buffer, headers: IncomingHttpHeaders): Payload {
  const { payload: body, trailers } = isAwsChunked(headers)
    ? decodeAwsChunked(raw, decodedLength(headers))
    : { payload: raw, trailers: {} }
  const announced = text(headers, 'x-amz-trailer')?.toLowerCase()
  if (announced !== undefined && !Object.hasOwn(trailers, announced)) throw new S3Error('MalformedTrailerError')
  const checksum = declaredChecksum({ ...headers, ...trailers })
  // There the header is of the object that comes to be, not of the XML.
  if (checksum !== undefined && operation !== 'CompleteMultipartUpload') verifyChecksum(checksum, body)
  const md5 = text(headers, 'content-md5')
  if (md5 !== undefined) verifyContentMd5(md5, body)
  const sha256 = text(headers, 'x-amz-content-sha256')
  if (sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) {
    if (createHash('sha256').update(body).digest('hex') !== sha256) throw new S3Error('XAmzContentSHA256Mismatch')
  }
  return { body, checksum }
}

export function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  return text(headers, 'x-amz-content-sha256')?.startsWith('STREAMING-') ?? false
}

function decodedLength(headers: IncomingHttpHeaders): number {
  const length = text(headers, 'x-amz-decoded-content-length') ?? ''
  if (!/^\d{1,15}$/.test(length)) throw new S3Error('MissingContentLength')
  return Number(length)
}

function text(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
