import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListParts,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import { BUCKET, beginUpload, complete, errorOf, outcomes, put, putPart, start, text } from './fixture.js'

const SMALL_PARTS = { minPartBytes: 4 }
const MIB = 1024 * 1024

test('parts become one object, in the order of their numbers and with the attributes of the upload', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key', {
    Metadata: { a: '1' },
    ContentType: 'text/csv',
    ServerSideEncryption: 'AES256',
  })
  const last = await putPart(client, { key: 'key', id, number: 7 }, 'tail')
  const first = await putPart(client, { key: 'key', id, number: 2 }, 'head ')
  expect(server.keys(BUCKET)).toEqual([])
  const { ETag } = await complete(client, { key: 'key', id }, [first, last])
  expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
  expect(await text(client, 'key')).toBe('head tail')
  const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'key' }))
  expect(head).toMatchObject({ ETag, Metadata: { a: '1' }, ContentType: 'text/csv', ContentLength: 9 })
  expect(server.uploads(BUCKET)).toEqual([])
})

test('a part that is uploaded again replaces the first, and one that is not listed is dropped', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key')
  const stale = await putPart(client, { key: 'key', id, number: 1 }, 'first')
  const fresh = await putPart(client, { key: 'key', id, number: 1 }, 'again')
  await putPart(client, { key: 'key', id, number: 2 }, 'unlisted')
  expect(await errorOf(complete(client, { key: 'key', id }, [stale]))).toMatchObject({
    name: 'InvalidPart',
    status: 400,
  })
  const mixed = { ...fresh, ETag: stale.ETag }
  expect(await errorOf(complete(client, { key: 'key', id }, [mixed]))).toMatchObject({ name: 'InvalidPart' })
  await complete(client, { key: 'key', id }, [fresh])
  expect(await text(client, 'key')).toBe('again')
  expect(server.stats()).toMatchObject({ uploads: 0, uploadBytes: 0, objectBytes: 5 })
})

test('a list of parts that does not fit is refused, and the upload stays', async () => {
  const { client, server } = await start()
  const id = await beginUpload(client, 'key')
  const big = await putPart(client, { key: 'key', id, number: 1 }, Buffer.alloc(5 * MIB))
  const small = await putPart(client, { key: 'key', id, number: 2 }, Buffer.alloc(5 * MIB - 1))
  const last = await putPart(client, { key: 'key', id, number: 3 }, 'x')
  const failure = async (parts: (typeof big)[]) => (await errorOf(complete(client, { key: 'key', id }, parts))).name
  expect(await failure([big, small, last])).toBe('EntityTooSmall')
  expect(await failure([small, big])).toBe('InvalidPartOrder')
  expect(await failure([big, big])).toBe('InvalidPartOrder')
  expect(await failure([big, { ...last, PartNumber: 4 }])).toBe('InvalidPart')
  expect(await failure([])).toBe('MalformedXML')
  expect(server.uploads(BUCKET)).toHaveLength(1)
  await complete(client, { key: 'key', id }, [big, small])
  expect(server.keys(BUCKET)).toEqual(['key'])
})

test('an upload that was completed, aborted or expired is gone, and so is one of another key', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const [done, aborted, expired] = [
    await beginUpload(client, 'a'),
    await beginUpload(client, 'b'),
    await beginUpload(client, 'c'),
  ]
  const part = await putPart(client, { key: 'a', id: done, number: 1 }, 'x')
  expect(await errorOf(complete(client, { key: 'z', id: done }, [part]))).toMatchObject({ name: 'NoSuchUpload' })
  await complete(client, { key: 'a', id: done }, [part])
  const abort = (Key: string, UploadId: string) =>
    client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }))
  expect((await abort('b', aborted)).$metadata.httpStatusCode).toBe(204)
  expect([server.expireUpload(BUCKET, expired), server.expireUpload(BUCKET, expired)]).toEqual([true, false])
  for (const [key, id] of [
    ['a', done],
    ['b', aborted],
    ['c', expired],
  ] as const) {
    const gone = { name: 'NoSuchUpload', status: 404 }
    expect(await errorOf(putPart(client, { key, id, number: 1 }, 'x'))).toMatchObject(gone)
    expect(await errorOf(complete(client, { key, id }, [part]))).toMatchObject(gone)
    expect(await errorOf(abort(key, id))).toMatchObject(gone)
  }
})

test('of racers that complete uploads of one new key exactly one wins; the others can still be aborted', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const ids = await Promise.all(Array.from({ length: 8 }, () => beginUpload(client, 'key')))
  const parts = await Promise.all(ids.map((id) => putPart(client, { key: 'key', id, number: 1 }, `by ${id}`)))
  const ended = await outcomes(
    ids.map((id, racer) => complete(client, { key: 'key', id }, [parts[racer]!], { IfNoneMatch: '*' })),
  )
  expect([...ended].sort()).toEqual([...Array(7).fill('PreconditionFailed'), 'ok'])
  expect(await text(client, 'key')).toBe(`by ${ids[ended.indexOf('ok')]}`)
  expect(server.uploads(BUCKET)).toHaveLength(7)
})

test('a delete that overtakes completing is a conflict, and the upload has to be begun again', async () => {
  const environment = virtualEnvironment()
  const { client, server } = await start({ ...SMALL_PARTS, environment })
  const id = await beginUpload(client, 'key')
  const part = await putPart(client, { key: 'key', id, number: 1 }, 'x')
  server.faults.add({ operation: 'CompleteMultipartUpload', nth: 1, fault: { kind: 'slow', ms: 1000 } })
  const late = errorOf(complete(client, { key: 'key', id }, [part], { IfNoneMatch: '*' }))
  while (environment.nextTimerAt === undefined) await new Promise((resolve) => setImmediate(resolve))
  await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'key' }))
  await environment.advance(1000)
  expect(await late).toMatchObject({ name: 'ConditionalRequestConflict', status: 409 })
  expect(await errorOf(complete(client, { key: 'key', id }, [part]))).toMatchObject({ name: 'NoSuchUpload' })
})

test('completing keeps If-Match', async () => {
  const { client } = await start(SMALL_PARTS)
  const begin = async () => {
    const id = await beginUpload(client, 'key')
    return { key: 'key', id, part: await putPart(client, { key: 'key', id, number: 1 }, 'new') }
  }
  const missing = await begin()
  expect(await errorOf(complete(client, missing, [missing.part], { IfMatch: '"0123"' }))).toMatchObject({
    name: 'NoSuchKey',
  })
  const { ETag } = await put(client, 'key', 'old')
  const upload = await begin()
  expect(await errorOf(complete(client, upload, [upload.part], { IfMatch: '"other"' }))).toMatchObject({ status: 412 })
  await complete(client, upload, [upload.part], { IfMatch: ETag })
  expect(await text(client, 'key')).toBe('new')
})

test('parts are listed in pages, in the order of their numbers', async () => {
  const { client } = await start()
  const id = await beginUpload(client, 'key')
  for (const number of [5, 1, 10_000, 2, 3]) await putPart(client, { key: 'key', id, number }, `part ${number}`)
  const pages: unknown[][] = []
  for await (const page of paginateListParts({ client, pageSize: 2 }, { Bucket: BUCKET, Key: 'key', UploadId: id })) {
    pages.push((page.Parts ?? []).map(({ PartNumber, Size }) => [PartNumber, Size]))
  }
  expect(pages).toEqual([
    [
      [1, 6],
      [2, 6],
    ],
    [
      [3, 6],
      [5, 6],
    ],
    [[10_000, 10]],
  ])
})

test('a part number is from 1 to 10000', async () => {
  const { client } = await start()
  const id = await beginUpload(client, 'key')
  for (const number of [0, 10_001]) {
    expect(await errorOf(putPart(client, { key: 'key', id, number }, 'x'))).toMatchObject({
      name: 'InvalidArgument',
      status: 400,
    })
  }
})

/** Follows the markers, as there is no paginator for this one; `between` runs before each next page. */
async function listUploads(
  client: Parameters<typeof put>[0],
  more: object = {},
  between = async (_ids: string[]) => {},
) {
  const keys: string[] = []
  const prefixes: string[] = []
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, ...more, ...markers }))
    keys.push(...(page.Uploads ?? []).map(({ Key }) => Key ?? ''))
    prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''))
    if (!page.IsTruncated) return { keys, prefixes }
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    await between((page.Uploads ?? []).map(({ UploadId }) => UploadId ?? ''))
  }
}

test('uploads are listed in pages, by key and then by the time they began', async () => {
  const { client } = await start()
  const keys = ['a', 'b/1', 'b/1', 'b/2', 'c', 'c', 'c', 'd']
  for (const key of [...keys].reverse()) await beginUpload(client, key)
  for (const MaxUploads of [1, 2, 3, 1000]) {
    expect(await listUploads(client, { MaxUploads })).toEqual({ keys, prefixes: [] })
    expect(await listUploads(client, { MaxUploads, Delimiter: '/' })).toEqual({
      keys: ['a', 'c', 'c', 'c', 'd'],
      prefixes: ['b/'],
    })
    expect((await listUploads(client, { MaxUploads, Prefix: 'b/' })).keys).toEqual(['b/1', 'b/1', 'b/2'])
  }
})

test('whoever aborts each page of uploads before asking for the next one misses none', async () => {
  const { client, server } = await start()
  for (let upload = 0; upload < 7; upload++) await beginUpload(client, 'same')
  const found = await listUploads(client, { MaxUploads: 2 }, async (ids) => {
    for (const id of ids) server.expireUpload(BUCKET, id)
  })
  expect(found.keys).toHaveLength(7)
})

test('a part can be copied from an object, or from a range of it', async () => {
  const { client } = await start(SMALL_PARTS)
  await put(client, 'from', '0123456789')
  const id = await beginUpload(client, 'to')
  const copy = async (PartNumber: number, CopySourceRange?: string) => {
    const input = { Bucket: BUCKET, Key: 'to', UploadId: id, PartNumber, CopySource: `${BUCKET}/from`, CopySourceRange }
    const { CopyPartResult } = await client.send(new UploadPartCopyCommand(input))
    return { PartNumber, ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 }
  }
  const parts = [await copy(1), await copy(2, 'bytes=2-5')]
  expect(await errorOf(copy(3, 'bytes=2-10'))).toMatchObject({ name: 'InvalidArgument', status: 400 })
  await complete(client, { key: 'to', id }, parts)
  expect(await text(client, 'to')).toBe('01234567892345')
})

test('a part of a finished object can be read by its number', async () => {
  const { client } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key')
  const parts = [
    await putPart(client, { key: 'key', id, number: 1 }, 'first'),
    await putPart(client, { key: 'key', id, number: 2 }, 'two'),
  ]
  await complete(client, { key: 'key', id }, parts)
  const get = (PartNumber: number) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key', PartNumber }))
  const second = await get(2)
  expect([await second.Body?.transformToString(), second.PartsCount, second.ContentRange]).toEqual([
    'two',
    2,
    'bytes 5-7/8',
  ])
  expect(await errorOf(get(3))).toMatchObject({ status: 416 })
})

test('a reply to completing that is lost leaves an object, and a retry finds no upload', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key')
  const part = await putPart(client, { key: 'key', id, number: 1 }, 'x')
  server.faults.add({ operation: 'CompleteMultipartUpload', nth: 1, fault: { kind: 'replyLost' } })
  expect(await outcomes([complete(client, { key: 'key', id }, [part])])).toEqual(['TimeoutError'])
  expect(await errorOf(complete(client, { key: 'key', id }, [part]))).toMatchObject({
    name: 'NoSuchUpload',
    status: 404,
  })
  expect(await text(client, 'key')).toBe('x')
})

test('200 with an error in its body leaves the upload as it was', async () => {
  const { client, server } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key')
  const part = await putPart(client, { key: 'key', id, number: 1 }, 'x')
  server.faults.add({ operation: 'CompleteMultipartUpload', nth: 1, fault: { kind: 'errorInBody' } })
  expect(await errorOf(complete(client, { key: 'key', id }, [part]))).toMatchObject({ name: 'InternalError' })
  expect([server.keys(BUCKET), server.uploads(BUCKET).length]).toEqual([[], 1])
  await complete(client, { key: 'key', id }, [part])
  expect(server.keys(BUCKET)).toEqual(['key'])
})

test('the size that completing declares is checked', async () => {
  const { client } = await start(SMALL_PARTS)
  const id = await beginUpload(client, 'key')
  const part = await putPart(client, { key: 'key', id, number: 1 }, 'four')
  const call = complete(client, { key: 'key', id }, [part], { MpuObjectSize: 5 })
  expect(await errorOf(call)).toMatchObject({ name: 'InvalidRequest', status: 400 })
  await complete(client, { key: 'key', id }, [part], { MpuObjectSize: 4 })
})

test('a part for no bucket, and for no upload, is told apart', async () => {
  const { client } = await start()
  const upload = (Bucket: string) =>
    client.send(new UploadPartCommand({ Bucket, Key: 'key', UploadId: 'none', PartNumber: 1, Body: 'x' }))
  expect(await errorOf(upload(BUCKET))).toMatchObject({ name: 'NoSuchUpload' })
  expect(await errorOf(upload('none-such'))).toMatchObject({ name: 'NoSuchBucket' })
})
