import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  type ChecksumAlgorithm,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { crc32c } from '../wire/crc32c.js'
import { BUCKET, beginUpload, complete, errorOf, put, putPart, start } from './fixture.js'
import { send } from './raw.js'

const ALGORITHMS = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const

/** The check values of "123456789" that the catalogues of CRCs list, and NIST's way for the hashes. */
const OF_DIGITS = {
  CRC32: Buffer.from('cbf43926', 'hex').toString('base64'),
  CRC32C: Buffer.from('e3069283', 'hex').toString('base64'),
  SHA1: createHash('sha1').update('123456789').digest('base64'),
  SHA256: createHash('sha256').update('123456789').digest('base64'),
}

test('CRC-32C of 32 bytes, as RFC 3720 lists it', () => {
  expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa')
  expect(crc32c(Buffer.alloc(32, 0xff)).toString(16)).toBe('62a8ab43')
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, byte) => byte)).toString(16)).toBe('46dd794e')
})

test.each(ALGORITHMS)('%s of the client is stored and comes back', async (algorithm) => {
  const { client } = await start()
  const field = `Checksum${algorithm}` as const
  const stored = await put(client, 'key', '123456789', { ChecksumAlgorithm: algorithm })
  expect(stored[field]).toBe(OF_DIGITS[algorithm])
  const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'key', ChecksumMode: 'ENABLED' }))
  expect([head[field], head.ChecksumType]).toEqual([OF_DIGITS[algorithm], 'FULL_OBJECT'])
})

test.each(ALGORITHMS)('%s that does not fit the body is refused', async (algorithm) => {
  const { client, server } = await start()
  const wrong = put(client, 'key', '12345678', { [`Checksum${algorithm}`]: OF_DIGITS[algorithm] })
  expect(await errorOf(wrong)).toMatchObject({ name: 'BadDigest', status: 400 })
  expect(server.keys(BUCKET)).toEqual([])
})

test.each(ALGORITHMS)('%s in the trailer of a stream is verified and comes back', async (algorithm) => {
  const { client, server } = await start()
  const stored = await put(client, 'key', Readable.from([Buffer.from('12345'), Buffer.from('6789')]), {
    ContentLength: 9,
    ChecksumAlgorithm: algorithm,
  })
  expect(stored[`Checksum${algorithm}`]).toBe(OF_DIGITS[algorithm])
  expect(server.read(BUCKET, 'key')?.toString()).toBe('123456789')
})

const CHUNKED = {
  'content-encoding': 'aws-chunked',
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-decoded-content-length': '9',
  'x-amz-trailer': 'x-amz-checksum-crc32',
}

test.each([
  ['fits', '5\r\n12345\r\n4\r\n6789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n', {}, 200, ''],
  [
    'has signed chunks',
    '9;chunk-signature=00\r\n123456789\r\n0;chunk-signature=00\r\nx-amz-checksum-crc32:y/Q5Jg==\r\nx-amz-trailer-signature:00\r\n\r\n',
    {},
    200,
    '',
  ],
  ['has another checksum', '9\r\n123456780\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n', {}, 400, 'BadDigest'],
  ['has no trailer', '9\r\n123456789\r\n0\r\n\r\n', {}, 400, 'MalformedTrailerError'],
  ['has a trailer that is none', '9\r\n123456789\r\n0\r\nnonsense\r\n\r\n', {}, 400, 'MalformedTrailerError'],
  ['has a checksum that is none', '9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:abc\r\n\r\n', {}, 400, 'InvalidRequest'],
  ['ends early', '9\r\n12345', {}, 400, 'IncompleteBody'],
  ['has no last chunk', '9\r\n123456789\r\n', {}, 400, 'IncompleteBody'],
  ['has a size that is none', 'zz\r\n123456789\r\n0\r\n\r\n', {}, 400, 'IncompleteBody'],
  ['is shorter than declared', '5\r\n12345\r\n0\r\nx-amz-checksum-crc32:y/U5Jg==\r\n\r\n', {}, 400, 'IncompleteBody'],
  [
    'does not say its length',
    '9\r\n123456789\r\n0\r\n\r\n',
    { 'x-amz-decoded-content-length': '' },
    411,
    'MissingContentLength',
  ],
] as const)('an aws-chunked body that %s', async (_what, body, headers, status, code) => {
  const { server } = await start()
  const answer = await send(server, {
    method: 'PUT',
    path: `/${BUCKET}/key`,
    headers: { ...CHUNKED, ...headers },
    body,
  })
  expect([answer.status, answer.code]).toEqual([status, code])
  expect(server.keys(BUCKET)).toEqual(status === 200 ? ['key'] : [])
})

test.each([
  ['content-md5', createHash('md5').update('other').digest('base64'), 'BadDigest'],
  ['content-md5', 'nonsense', 'InvalidDigest'],
  ['x-amz-content-sha256', createHash('sha256').update('other').digest('hex'), 'XAmzContentSHA256Mismatch'],
  ['x-amz-checksum-crc32', 'AAAA', 'InvalidRequest'],
  ['x-amz-checksum-crc64nvme', 'AAAAAAAAAAA=', 'NotImplemented'],
])('the header %s: %s is answered with %s', async (name, value, code) => {
  const { server } = await start()
  const answer = await send(server, { method: 'PUT', path: `/${BUCKET}/key`, headers: { [name]: value }, body: 'body' })
  expect(answer.code).toBe(code)
  expect(server.keys(BUCKET)).toEqual([])
})

test('Content-MD5 and x-amz-content-sha256 that fit are fine', async () => {
  const { server } = await start()
  const headers = {
    'content-md5': createHash('md5').update('body').digest('base64'),
    'x-amz-content-sha256': createHash('sha256').update('body').digest('hex'),
  }
  const answer = await send(server, { method: 'PUT', path: `/${BUCKET}/key`, headers, body: 'body' })
  expect(answer.status).toBe(200)
})

test('deleting many keys needs a checksum of the list', async () => {
  const { client, server } = await start()
  await put(client, 'key', 'x')
  const body = '<Delete><Object><Key>key</Key></Object></Delete>'
  const answer = await send(server, { method: 'POST', path: `/${BUCKET}?delete`, body })
  expect([answer.status, answer.code]).toEqual([400, 'InvalidRequest'])
  expect(server.keys(BUCKET)).toEqual(['key'])
  await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: 'key' }] } }))
  expect(server.keys(BUCKET)).toEqual([])
})

test('a part of an object comes without the checksum of the whole', async () => {
  const { client } = await start()
  await put(client, 'key', '123456789')
  const get = (Range: string | undefined) =>
    client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key', Range, ChecksumMode: 'ENABLED' }))
  expect((await get('bytes=0-3')).ChecksumCRC32).toBeUndefined()
  expect((await get(undefined)).ChecksumCRC32).toBe(OF_DIGITS.CRC32)
})

test('the checksum of an upload is that of its parts, each of which has to be listed', async () => {
  const { client } = await start({ minPartBytes: 1 })
  const id = await beginUpload(client, 'key', { ChecksumAlgorithm: 'CRC32' })
  const parts = [
    await putPart(client, { key: 'key', id, number: 1 }, '12345'),
    await putPart(client, { key: 'key', id, number: 2 }, '6789'),
  ]
  const unlisted = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))
  expect(await errorOf(complete(client, { key: 'key', id }, unlisted))).toMatchObject({
    name: 'InvalidRequest',
    status: 400,
  })
  const swapped = parts.map((part) => ({ ...part, ChecksumCRC32: parts[0]?.ChecksumCRC32 }))
  expect(await errorOf(complete(client, { key: 'key', id }, swapped))).toMatchObject({
    name: 'InvalidPart',
    status: 400,
  })
  const done = await complete(client, { key: 'key', id }, parts)
  const ofParts = Buffer.alloc(8)
  ofParts.writeUInt32BE(crc32('12345'), 0)
  ofParts.writeUInt32BE(crc32('6789'), 4)
  const whole = Buffer.alloc(4)
  whole.writeUInt32BE(crc32(ofParts))
  expect([done.ChecksumCRC32, done.ChecksumType]).toEqual([`${whole.toString('base64')}-2`, 'COMPOSITE'])
})

test('an upload with a checksum of the whole object verifies it', async () => {
  const { client } = await start({ minPartBytes: 1 })
  const begin = async () => {
    const id = await beginUpload(client, 'key', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
    return { id, parts: [await putPart(client, { key: 'key', id, number: 1 }, '123456789')] }
  }
  const { id, parts } = await begin()
  const whole = (ChecksumCRC32: string) =>
    complete(client, { key: 'key', id }, parts, { ChecksumCRC32, ChecksumType: 'FULL_OBJECT' })
  expect(await errorOf(whole('AAAAAA=='))).toMatchObject({ name: 'BadDigest', status: 400 })
  expect((await whole(OF_DIGITS.CRC32)).ChecksumCRC32).toBe(OF_DIGITS.CRC32)
  expect(
    await errorOf(beginUpload(client, 'x', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })),
  ).toMatchObject({
    name: 'InvalidRequest',
  })
})

test('a part comes with the checksum that its upload was begun with', async () => {
  const { client } = await start()
  const id = await beginUpload(client, 'key', { ChecksumAlgorithm: 'SHA256' })
  const upload = (ChecksumAlgorithm: ChecksumAlgorithm) =>
    client.send(
      new UploadPartCommand({ Bucket: BUCKET, Key: 'key', UploadId: id, PartNumber: 1, Body: 'x', ChecksumAlgorithm }),
    )
  expect(await errorOf(upload('CRC32'))).toMatchObject({ name: 'InvalidRequest', status: 400 })
  await upload('SHA256')
})
