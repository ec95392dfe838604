import { describe, expect, it } from 'vitest'
import { crc32Header, readBody } from '../../../../runtime/storage/s3/body.js'
import { bytes } from '../conformance.js'

/** Node and the SDK verify both, too; a client of the user may not. */
describe('the body of a reply', () => {
  const attempt = { signal: new AbortController().signal, allow: () => undefined }
  const data = bytes('hello')
  const Body = { transformToByteArray: async () => data }
  const read = (reply: Parameters<typeof readBody>[0], isPart = false) =>
    readBody({ Body, ...reply }, attempt, { isPart })

  it('counts when length and CRC-32 are those that were announced', async () => {
    expect(await read({ ContentLength: 5, ChecksumCRC32: crc32Header(data) })).toEqual(data)
    expect(await read({})).toEqual(data)
  })

  it.each([
    ['is shorter', { ContentLength: 6 }, /5 bytes, not 6/],
    ['is longer', { ContentLength: 4 }, /5 bytes, not 4/],
    ['has another CRC-32', { ChecksumCRC32: 'AAAAAA==' }, /CRC-32 .*, not AAAAAA==/],
    ['is XML', { ContentType: 'application/xml' }, /XML/],
  ])('is asked for again when it %s', async (_what, reply, message) => {
    await expect(read(reply)).rejects.toMatchObject({ retryable: true, message: expect.stringMatching(message) })
  })

  it('has no CRC-32 of its own where it is a part, or was written in parts', async () => {
    expect(await read({ ChecksumCRC32: 'AAAAAA==' }, true)).toEqual(data)
    expect(await read({ ChecksumCRC32: 'AAAAAA==-2', ChecksumType: 'COMPOSITE' })).toEqual(data)
  })
})
