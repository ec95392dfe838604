import fc from 'fast-check'
import { expect, test } from 'vitest'
import { S3Error } from '../s3-error.js'
import { decodeAwsChunked } from '../wire/aws-chunked.js'

const CRLF = '\r\n'

function encode(chunks: readonly Uint8Array[]): Buffer {
  const parts = chunks.flatMap((chunk) => [Buffer.from(chunk.length.toString(16) + CRLF), chunk, Buffer.from(CRLF)])
  return Buffer.concat([...parts, Buffer.from(`0${CRLF}x-amz-checksum-crc32:AAAAAA==${CRLF}${CRLF}`)])
}

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 })

test('whatever the chunks, the payload is what they hold', () => {
  fc.assert(
    fc.property(chunks, (given) => {
      const payload = Buffer.concat(given)
      const decoded = decodeAwsChunked(encode(given), payload.length)
      expect(decoded.payload).toEqual(payload)
      expect(decoded.trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' })
    }),
  )
})

test('a body that is cut anywhere before its trailer is refused, or has no trailer', () => {
  fc.assert(
    fc.property(chunks, fc.nat(), (given, cut) => {
      const body = encode(given)
      const payload = Buffer.concat(given)
      const trailerAt = body.lastIndexOf('x-amz-checksum')
      try {
        const decoded = decodeAwsChunked(body.subarray(0, cut % (trailerAt + 1)), payload.length)
        expect(decoded).toEqual({ payload, trailers: {} })
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(S3Error)
      }
    }),
  )
})

test('any bytes are a payload or an error of S3, never another one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (body, length) => {
      try {
        expect(decodeAwsChunked(Buffer.from(body), length).payload).toHaveLength(length)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(S3Error)
      }
    }),
  )
})
