import { ListObjectsV2Command, type ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import { type Finding, outcome, type Scenario, type Subject } from '../subject.js'

/** Pages of keys and common prefixes, each with its count. */
async function list(s3: Subject, more: Partial<ListObjectsV2CommandInput> = {}): Promise<Finding> {
  const pages: Finding[] = []
  let token: string | undefined
  for (let page = 0; page < 20; page++) {
    const answer = await s3.client.send(
      new ListObjectsV2Command({
        Bucket: s3.bucket,
        ...more,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    )
    const keys = (answer.Contents ?? []).map(({ Key }) => Key)
    const prefixes = (answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix)
    pages.push({ keys, prefixes, count: answer.KeyCount })
    token = answer.NextContinuationToken
    if (!answer.IsTruncated) return pages
  }
  return 'no end after 20 pages'
}

export const listingScenarios: readonly Scenario[] = [
  {
    name: 'the order of keys',
    async run(s3) {
      for (const key of ['b', 'a', 'B', '\u{1F30A}', '\uFFFD', 'é', 'a/b', 'a-b']) await s3.put(key)
      return { keys: await list(s3) }
    },
  },
  {
    name: 'pages, prefixes and delimiters',
    async run(s3) {
      for (const key of ['a', 'x/1', 'x/2', 'x/y/3', 'y/1', 'z']) await s3.put(key)
      return {
        pages: await list(s3, { MaxKeys: 2 }),
        prefix: await list(s3, { Prefix: 'x/' }),
        folders: await list(s3, { Delimiter: '/' }),
        foldersInPages: await list(s3, { Delimiter: '/', MaxKeys: 1 }),
        below: await list(s3, { Delimiter: '/', Prefix: 'x/' }),
        startAfter: await list(s3, { StartAfter: 'x/1' }),
        startAfterInFolders: await list(s3, { StartAfter: 'x/1', Delimiter: '/' }),
        startAfterFolder: await list(s3, { StartAfter: 'x/', Delimiter: '/' }),
        none: await list(s3, { Prefix: 'nothing' }),
      }
    },
  },
  {
    name: 'more than a thousand keys',
    async run(s3) {
      const names = Array.from({ length: 1003 }, (_, key) => `k/${String(key).padStart(5, '0')}`)
      for (let at = 0; at < names.length; at += 50)
        await Promise.all(names.slice(at, at + 50).map((name) => s3.put(name)))
      const first = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket, MaxKeys: 5000 }))
      return { maxKeys: first.MaxKeys, count: first.KeyCount, isTruncated: first.IsTruncated }
    },
  },
  {
    name: 'an entry of a listing',
    async run(s3) {
      await s3.put('key', 'four')
      const answer = await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket }))
      return {
        entries: (answer.Contents ?? []).map(({ Key, Size, ETag, StorageClass, ChecksumAlgorithm }) => {
          return [Key, Size, ETag, StorageClass, ChecksumAlgorithm]
        }),
      }
    },
  },
  {
    name: 'keys that XML has trouble with',
    async run(s3) {
      for (const key of [' a ', '&amp;', '<a>"\'', 'plus+per%cent']) await s3.put(key)
      return { plain: await list(s3), encoded: await list(s3, { EncodingType: 'url' }) }
    },
  },
  {
    name: 'requests that make no sense',
    async run(s3) {
      await s3.put('a')
      const Bucket = s3.bucket
      const ask = (more: object) => outcome(s3.client.send(new ListObjectsV2Command({ Bucket, ...more })))
      return {
        noKeys: await outcome(s3.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 })), (answer) => [
          answer.KeyCount,
          answer.IsTruncated,
        ]),
        token: await ask({ ContinuationToken: 'YWJj' }),
        bucket: await ask({ Bucket: `${Bucket}-none` }),
      }
    },
  },
]
