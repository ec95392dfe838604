import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import { BUCKET, errorOf, put, start, text } from './fixture.js'

test('an object comes back with what was stored beside it', async () => {
  const { client } = await start({ environment: virtualEnvironment({ startAt: Date.UTC(2026, 0, 5, 12) }) })
  const stored = await put(client, 'a/b c+é', 'payload', {
    ContentType: 'application/json',
    CacheControl: 'no-store',
    ContentEncoding: 'gzip',
    Metadata: { job: 'taxi', 'lineage-id': 'x1' },
  })
  const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'a/b c+é' }))
  expect(head).toMatchObject({
    ContentLength: 7,
    ContentType: 'application/json',
    CacheControl: 'no-store',
    ContentEncoding: 'gzip',
    Metadata: { job: 'taxi', 'lineage-id': 'x1' },
    ETag: stored.ETag,
    LastModified: new Date(Date.UTC(2026, 0, 5, 12)),
    ServerSideEncryption: 'AES256',
  })
  expect(stored.ETag).toBe('"321c3cf486ed509164edec1e1981fec8"') // the MD5 of "payload"
  expect(await text(client, 'a/b c+é')).toBe('payload')
})

test.each(['//', 'a//b', '../up', 'dots/../x', './x', 'tail/', 'q?x=1&y#z%20', 'line\nfeed', '\u{1F30A}'])(
  'the key %j is kept as it is',
  async (key) => {
    const { client, server } = await start()
    await put(client, key, 'x')
    expect(server.keys(BUCKET)).toEqual([key])
    expect(await text(client, key)).toBe('x')
  },
)

test('a stream of bytes arrives whole', async () => {
  const { client, server } = await start()
  const chunks = Array.from({ length: 40 }, (_, chunk) => Buffer.alloc(10_007, chunk))
  await put(client, 'stream', Readable.from(chunks), { ContentLength: 400_280 })
  expect(server.read(BUCKET, 'stream')).toEqual(Buffer.concat(chunks))
})

test.each([
  ['bytes=2-4', '234', 'bytes 2-4/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=-2', '89', 'bytes 8-9/10'],
  ['bytes=-99', '0123456789', 'bytes 0-9/10'],
  ['bytes=8-99', '89', 'bytes 8-9/10'],
  ['bytes=0-0', '0', 'bytes 0-0/10'],
])('the range %s gives a part', async (range, expected, contentRange) => {
  const { client } = await start()
  await put(client, 'digits', '0123456789')
  const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'digits', Range: range }))
  expect(await answer.Body?.transformToString()).toBe(expected)
  expect([answer.$metadata.httpStatusCode, answer.ContentRange]).toEqual([206, contentRange])
})

test('a range beyond the end is 416, one that makes no sense is ignored', async () => {
  const { client } = await start()
  await put(client, 'digits', '0123456789')
  await put(client, 'empty', '')
  const get = (Key: string, Range: string) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key, Range }))
  expect(await errorOf(get('digits', 'bytes=10-'))).toMatchObject({ name: 'InvalidRange', status: 416 })
  expect(await errorOf(get('digits', 'bytes=-0'))).toMatchObject({ status: 416 })
  expect(await errorOf(get('empty', 'bytes=0-'))).toMatchObject({ status: 416 })
  for (const range of ['bytes=4-2', 'lines=1-2', 'bytes=0-1,4-5']) {
    expect((await get('digits', range)).$metadata.httpStatusCode).toBe(200)
  }
})

test('reads under conditions', async () => {
  const environment = virtualEnvironment({ startAt: Date.UTC(2026, 0, 5, 12) + 700 })
  const { client } = await start({ environment })
  const { ETag } = await put(client, 'key', 'x')
  const at = new Date(Date.UTC(2026, 0, 5, 12))
  const earlier = new Date(at.getTime() - 1000)
  const status = async (conditions: Partial<GetObjectCommandInput>): Promise<number | undefined> => {
    const call = client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key', ...conditions }))
    return call.then(
      (answer) => answer.$metadata.httpStatusCode,
      async () => (await errorOf(call)).status,
    )
  }
  expect(await status({ IfMatch: ETag })).toBe(200)
  expect(await status({ IfMatch: '"other"' })).toBe(412)
  expect(await status({ IfNoneMatch: ETag })).toBe(304)
  expect(await status({ IfNoneMatch: '"other"' })).toBe(200)
  expect(await status({ IfModifiedSince: at })).toBe(304)
  expect(await status({ IfModifiedSince: earlier })).toBe(200)
  expect(await status({ IfUnmodifiedSince: at })).toBe(200)
  expect(await status({ IfUnmodifiedSince: earlier })).toBe(412)
  // An ETag says more than a date.
  expect(await status({ IfMatch: ETag, IfUnmodifiedSince: earlier })).toBe(200)
  expect(await status({ IfNoneMatch: ETag, IfModifiedSince: earlier })).toBe(304)
})

test('HEAD under a condition has no body and says the same', async () => {
  const { client } = await start()
  const { ETag } = await put(client, 'key', 'x')
  const head = (conditions: object) => client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'key', ...conditions }))
  expect(await errorOf(head({ IfMatch: '"other"' }))).toMatchObject({ status: 412 })
  expect(await errorOf(head({ IfNoneMatch: ETag }))).toMatchObject({ status: 304 })
})

test('a missing key, a missing bucket and a missing object of HEAD are told apart', async () => {
  const { client } = await start()
  const get = (Bucket: string) => client.send(new GetObjectCommand({ Bucket, Key: 'none' }))
  expect(await errorOf(get(BUCKET))).toMatchObject({ name: 'NoSuchKey', status: 404 })
  expect(await errorOf(get('no-such-bucket'))).toMatchObject({ name: 'NoSuchBucket', status: 404 })
  const head = client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'none' }))
  expect(await errorOf(head)).toMatchObject({ name: 'NotFound', status: 404 })
})

test('deleting what is not there succeeds', async () => {
  const { client, server } = await start()
  await put(client, 'key', 'x')
  const remove = () => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'key' }))
  expect((await remove()).$metadata.httpStatusCode).toBe(204)
  expect((await remove()).$metadata.httpStatusCode).toBe(204)
  expect(server.keys(BUCKET)).toEqual([])
})

test('many keys are deleted at once, each with its own outcome', async () => {
  const { client, server } = await start()
  const keys = ['plain', ' spaces ', 'a&b<c>"d"', 'gone']
  for (const key of keys.slice(0, 3)) await put(client, key, 'x')
  await put(client, 'kept', 'x')
  const Objects = [...keys.map((Key) => ({ Key })), { Key: 'kept', ETag: '"other"' }]
  const answer = await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
  expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(keys)
  expect(answer.Errors).toMatchObject([{ Key: 'kept', Code: 'PreconditionFailed' }])
  expect(server.keys(BUCKET)).toEqual(['kept'])
  const Delete = { Objects: [{ Key: 'kept' }], Quiet: true }
  expect((await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete }))).Deleted).toBeUndefined()
})

test('no more than a thousand keys are deleted at once', async () => {
  const { client } = await start()
  const Objects = Array.from({ length: 1001 }, (_, key) => ({ Key: `${key}` }))
  const call = client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
  expect(await errorOf(call)).toMatchObject({ name: 'MalformedXML', status: 400 })
})

test('a copy takes bytes and attributes, or replaces the attributes', async () => {
  const { client, server } = await start()
  await put(client, 'from é', 'x', { ContentType: 'text/plain', Metadata: { a: '1' } })
  const copy = (Key: string, more = {}) =>
    client.send(new CopyObjectCommand({ Bucket: BUCKET, Key, CopySource: encodeURI(`${BUCKET}/from é`), ...more }))
  const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: BUCKET, Key }))
  const copied = await copy('same')
  expect(await head('same')).toMatchObject({ ContentType: 'text/plain', Metadata: { a: '1' } })
  expect(copied.CopyObjectResult?.ETag).toBe((await head('from é')).ETag)
  await copy('other', { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/csv' })
  expect(await head('other')).toMatchObject({ ContentType: 'text/csv', Metadata: { b: '2' } })
  expect(server.keys(BUCKET)).toEqual(['from é', 'other', 'same'])
})

test('a copy that cannot be made says why', async () => {
  const { client } = await start()
  const { ETag } = await put(client, 'from', 'x')
  const copy = (CopySource: string, more = {}) =>
    client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource, ...more }))
  expect(await errorOf(copy(`${BUCKET}/none`))).toMatchObject({ name: 'NoSuchKey' })
  expect(await errorOf(copy('nowhere-at-all/from'))).toMatchObject({ name: 'NoSuchBucket' })
  expect(await errorOf(copy('nonsense'))).toMatchObject({ name: 'InvalidArgument' })
  expect(await errorOf(copy(`${BUCKET}/from`, { CopySourceIfMatch: '"other"' }))).toMatchObject({ status: 412 })
  expect(await errorOf(copy(`${BUCKET}/from`, { CopySourceIfNoneMatch: ETag }))).toMatchObject({ status: 412 })
  expect(await errorOf(copy(`${BUCKET}/from`, { Key: 'from' }))).toMatchObject({ name: 'InvalidRequest' })
})

test('encryption is echoed; only with a KMS key the ETag is not the MD5', async () => {
  const { client } = await start()
  const plain = await put(client, 'plain', 'x')
  const kms = await put(client, 'kms', 'x', {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'key-1',
    BucketKeyEnabled: true,
  })
  expect(plain.ServerSideEncryption).toBe('AES256')
  expect(kms).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1', BucketKeyEnabled: true })
  expect(kms.ETag).not.toBe(plain.ETag)
  const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'kms' }))
  expect(head).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1' })
  const wrong = put(client, 'x', 'x', { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'key-1' })
  expect(await errorOf(wrong)).toMatchObject({ name: 'InvalidArgument', status: 400 })
})

test('keys and metadata that are too long are refused', async () => {
  const { client } = await start()
  await put(client, 'k'.repeat(1024), 'x')
  expect(await errorOf(put(client, 'k'.repeat(1025), 'x'))).toMatchObject({ name: 'KeyTooLongError', status: 400 })
  expect(await errorOf(put(client, 'k', 'x', { Metadata: { a: 'm'.repeat(2048) } }))).toMatchObject({
    name: 'MetadataTooLarge',
    status: 400,
  })
})

test('what the server does not have is refused, not ignored', async () => {
  const { client, server } = await start()
  for (const more of [{ ACL: 'public-read' as const }, { Tagging: 'a=b' }, { SSECustomerAlgorithm: 'AES256' }]) {
    expect(await errorOf(put(client, 'key', 'x', more))).toMatchObject({ name: 'NotImplemented', status: 501 })
  }
  const version = client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key', VersionId: '1' }))
  expect(await errorOf(version)).toMatchObject({ name: 'NotImplemented', status: 501 })
  expect(server.keys(BUCKET)).toEqual([])
})
