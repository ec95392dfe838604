import type { Readable } from 'node:stream'
import { AwsError } from './aws-error.js'

/**
 * The body of a request. One that is larger than `maxBytes` is read to its end but not kept, because a client that is still
 * sending would see a reset connection instead of the answer.
 *
 * @throws AwsError RequestEntityTooLargeException; what the socket throws when the client goes away
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
      if (length <= maxBytes) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      else
        reject(new AwsError('RequestEntityTooLargeException', `The body has ${length} bytes; ${maxBytes} are allowed.`))
    })
    request.on('error', reject)
  })
}
