import type { Readable } from 'node:stream'
import { S3Error } from './s3-error.js'

/**
 * The body of a request. One that is larger than `maxBytes` is read to its end but not kept, because a client that is still
 * sending would see a reset connection instead of the answer.
 *
 * @throws S3Error EntityTooLarge; what the socket throws when the client goes away
 */
export function readBody(request: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else chunks = []
    })
    request.on('end', () => {
      if (length <= maxBytes) resolve(Buffer.concat(chunks))
      else reject(new S3Error('EntityTooLarge', undefined, { ProposedSize: String(length) }))
    })
    request.on('error', reject)
    request.on('close', () => reject(new S3Error('IncompleteBody')))
  })
}
