import { S3Error } from '../s3-error.js'

export interface ChunkedBody {
  readonly payload: Buffer
  /** By lower-case name. */
  readonly trailers: Readonly<Record<string, string>>
}

/**
 * Takes apart a body of the content encoding `aws-chunked`: chunks of `size[;chunk-signature=...]`, then trailers. Signatures of
 * chunks are not checked, as no signature is.
 *
 * @throws S3Error IncompleteBody, MalformedTrailerError
 */
export function decodeAwsChunked(body: Buffer, decodedLength: number): ChunkedBody {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const line = lineAt(body, at)
    const size = Number.parseInt(/^[0-9a-f]{1,12}(?=;|$)/i.exec(line)?.[0] ?? '', 16)
    if (Number.isNaN(size)) throw new S3Error('IncompleteBody', 'A chunk of the aws-chunked body has no size.')
    at += line.length + 2
    if (size === 0) break
    if (body.toString('latin1', at + size, at + size + 2) !== '\r\n') throw new S3Error('IncompleteBody')
    chunks.push(body.subarray(at, at + size))
    at += size + 2
  }
  const payload = Buffer.concat(chunks)
  if (payload.length !== decodedLength) {
    throw new S3Error(
      'IncompleteBody',
      `The body has ${payload.length} bytes; x-amz-decoded-content-length says ${decodedLength}.`,
    )
  }
  return { payload, trailers: trailersOf(body.toString('latin1', at)) }
}

function lineAt(body: Buffer, at: number): string {
  const end = body.indexOf('\r\n', at)
  if (end < 0) throw new S3Error('IncompleteBody')
  return body.toString('latin1', at, end)
}

function trailersOf(text: string): Record<string, string> {
  const trailers: Record<string, string> = {}
  for (const line of text.split('\r\n')) {
    if (line === '') continue
    const colon = line.indexOf(':')
    if (colon <= 0) throw new S3Error('MalformedTrailerError')
    trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return trailers
}
