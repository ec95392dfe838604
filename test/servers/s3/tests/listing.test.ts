import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUCKET, errorOf, put, start } from './fixture.js'

type Listing = Omit<ListObjectsV2CommandInput, 'Bucket'>

interface Listed {
  readonly keys: readonly string[]
  readonly prefixes: readonly string[]
  readonly pages: number
}

async function list(client: S3Client, input: Listing = {}): Promise<Listed> {
  const keys: string[] = []
  const prefixes: string[] = []
  let pages = 0
  for await (const page of paginateListObjectsV2({ client }, { Bucket: BUCKET, ...input })) {
    const found = [
      ...(page.Contents ?? []).map(({ Key }) => Key ?? ''),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
    ]
    expect(page.KeyCount).toBe(found.length)
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''))
    prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''))
    pages++
  }
  return { keys, prefixes, pages }
}

test('keys come in the order of their UTF-8 bytes', async () => {
  const { client } = await start()
  // UTF-16 would have the wave before the last of the basic plane.
  for (const key of ['b', 'a', 'B', '\u{1F30A}', '\uFFFD', 'é', 'a/b', 'a-b']) await put(client, key, 'x')
  expect((await list(client)).keys).toEqual(['B', 'a', 'a-b', 'a/b', 'b', 'é', '\uFFFD', '\u{1F30A}'])
})

test('an entry says what the object is', async () => {
  const { client } = await start()
  const { ETag } = await put(client, 'key', 'four')
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }))
  expect(Contents).toMatchObject([
    { Key: 'key', Size: 4, ETag, StorageClass: 'STANDARD', LastModified: expect.any(Date) },
  ])
})

test('a page more than a thousand keys long is cut, and the token goes on behind it', async () => {
  const { client } = await start()
  const names = Array.from({ length: 1203 }, (_, key) => `k/${String(key).padStart(5, '0')}`)
  for (let at = 0; at < names.length; at += 100) {
    await Promise.all(names.slice(at, at + 100).map((name) => put(client, name, 'x')))
  }
  expect(await list(client, { MaxKeys: 5000 })).toEqual({ keys: names, prefixes: [], pages: 2 })
  const first = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 5000 }))
  expect([first.MaxKeys, first.KeyCount, first.IsTruncated]).toEqual([1000, 1000, true])
})

test('keys that share a folder are one entry, also across pages', async () => {
  const { client } = await start()
  for (const key of ['a', 'x/1', 'x/2', 'x/y/3', 'y/1', 'z']) await put(client, key, 'x')
  for (const MaxKeys of [1, 2, 3, 1000]) {
    expect(await list(client, { Delimiter: '/', MaxKeys })).toMatchObject({ keys: ['a', 'z'], prefixes: ['x/', 'y/'] })
  }
  expect(await list(client, { Delimiter: '/', Prefix: 'x/' })).toMatchObject({
    keys: ['x/1', 'x/2'],
    prefixes: ['x/y/'],
  })
})

test('a listing goes on where it was although keys come and go between pages', async () => {
  const { client, server } = await start()
  for (const key of ['a', 'b', 'c', 'd']) await put(client, key, 'x')
  const first = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 2 }))
  server.remove(BUCKET, 'b')
  await put(client, 'bb', 'x')
  const rest = await client.send(
    new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: first.NextContinuationToken }),
  )
  expect(rest.Contents?.map(({ Key }) => Key)).toEqual(['bb', 'c', 'd'])
})

test('max-keys 0 is an empty page that is not cut', async () => {
  const { client } = await start()
  await put(client, 'a', 'x')
  const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 0 }))
  expect([page.KeyCount, page.IsTruncated]).toEqual([0, false])
})

test('keys that XML cannot hold come percent-encoded', async () => {
  const { client } = await start()
  await put(client, 'a\u0001b/c d+e(3)', 'x')
  const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, EncodingType: 'url', Prefix: 'a\u0001' }))
  expect([page.EncodingType, page.Contents?.[0]?.Key, page.Prefix]).toEqual(['url', 'a%01b/c%20d%2Be%283%29', 'a%01'])
})

test('spaces at the ends of a key, and characters of XML, survive a listing', async () => {
  const { client } = await start()
  const keys = [' a ', '&amp;', '<a>"\'', 'a\r\nb']
  for (const key of keys) await put(client, key, 'x')
  expect((await list(client)).keys).toEqual([...keys].sort())
})

test('a token that is none is refused, and so is a bucket that is none', async () => {
  const { client } = await start()
  const wrong = client.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: 'YWJj' }))
  expect(await errorOf(wrong)).toMatchObject({ name: 'InvalidArgument', status: 400 })
  expect(await errorOf(client.send(new ListObjectsV2Command({ Bucket: 'none-such' })))).toMatchObject({
    name: 'NoSuchBucket',
  })
})

test('any listing is what filtering and sorting all keys gives', async () => {
  const { client, server } = await start()
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '-', '\u{1F30A}', '\uFFFD'),
    minLength: 1,
    maxLength: 5,
  })
  const listing = fc.record({
    keys: fc.uniqueArray(key, { maxLength: 25 }),
    prefix: fc.oneof(fc.constant(''), key),
    delimiter: fc.constantFrom('', '/', 'a/'),
    startAfter: fc.oneof(fc.constant(''), key),
    maxKeys: fc.integer({ min: 1, max: 7 }),
  })
  let run = 0
  await fc.assert(
    fc.asyncProperty(listing, async ({ keys, prefix, delimiter, startAfter, maxKeys }) => {
      const folder = `run-${run++}|`
      await Promise.all(keys.map((name) => put(client, folder + name, 'x')))
      const listed = await list(client, {
        Prefix: folder + prefix,
        MaxKeys: maxKeys,
        ...(delimiter === '' ? {} : { Delimiter: delimiter }),
        ...(startAfter === '' ? {} : { StartAfter: folder + startAfter }),
      })
      const chosen = keys
        .map((name) => Buffer.from(folder + name))
        .sort(Buffer.compare)
        .filter((name) => Buffer.compare(name, Buffer.from(folder + startAfter)) > 0)
        .map(String)
        .filter((name) => name.startsWith(folder + prefix))
      const common = (name: string): string | undefined => {
        const at = delimiter === '' ? -1 : name.indexOf(delimiter, folder.length + prefix.length)
        return at < 0 ? undefined : name.slice(0, at + delimiter.length)
      }
      expect(listed.keys).toEqual(chosen.filter((name) => common(name) === undefined))
      const prefixes = new Set(chosen.flatMap((name) => common(name) ?? []))
      prefixes.delete(folder + startAfter)
      expect(listed.prefixes).toEqual([...prefixes])
      for (const name of keys) server.remove(BUCKET, folder + name)
    }),
    { numRuns: 60 },
  )
})
