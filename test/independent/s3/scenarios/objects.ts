import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandInput,
} from '@aws-sdk/client-s3'
import { outcome, type Scenario, type Subject } from '../subject.js'

const ODD_KEYS = ['//', 'a//b', '../up', './x', 'tail/', 'q?x=1&y#z%20', 'é', '\u{1F30A}', 'plus+', ' space ']

function head(s3: Subject, Key: string, more: Partial<HeadObjectCommandInput> = {}) {
  return s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key, ...more }))
}

export const objectScenarios: readonly Scenario[] = [
  {
    name: 'an object comes back with what was stored beside it',
    async run(s3) {
      const stored = await s3.put('key', 'payload', {
        ContentType: 'text/csv',
        CacheControl: 'no-store',
        ContentEncoding: 'gzip',
        Metadata: { job: 'taxi' },
      })
      return {
        etag: stored.ETag,
        text: await s3.text('key'),
        head: await outcome(head(s3, 'key'), (answer) => ({
          length: answer.ContentLength,
          type: answer.ContentType,
          cache: answer.CacheControl,
          encoding: answer.ContentEncoding,
          metadata: answer.Metadata,
          etag: answer.ETag,
          ranges: answer.AcceptRanges,
        })),
      }
    },
  },
  {
    name: 'an object without a type, and an empty one',
    async run(s3) {
      await s3.put('plain', Buffer.from('x'))
      await s3.put('empty', Buffer.alloc(0))
      return {
        type: await outcome(head(s3, 'plain'), (answer) => answer.ContentType),
        empty: await outcome(s3.get('empty'), async (answer) => [
          answer.ContentLength,
          await answer.Body?.transformToString(),
        ]),
      }
    },
  },
  {
    name: 'odd keys are kept as they are',
    async run(s3) {
      const found: Record<string, string> = {}
      for (const key of ODD_KEYS) {
        const stored = await outcome(s3.put(key, `at ${key}`))
        found[key] = stored === '200' ? await s3.text(key).catch((thrown) => `${thrown.name}`) : String(stored)
      }
      return found
    },
  },
  {
    name: 'ranges',
    async run(s3) {
      await s3.put('digits', '0123456789')
      await s3.put('empty', Buffer.alloc(0))
      const found: Record<string, Awaited<ReturnType<typeof outcome>>> = {}
      for (const range of [
        'bytes=2-4',
        'bytes=7-',
        'bytes=-2',
        'bytes=-99',
        'bytes=8-99',
        'bytes=10-',
        'bytes=4-2',
        'lines=1-2',
      ]) {
        found[range] = await outcome(s3.get('digits', { Range: range }), async (answer) => [
          await answer.Body?.transformToString(),
          answer.ContentRange,
        ])
      }
      found['empty'] = await outcome(s3.get('empty', { Range: 'bytes=0-' }))
      return found
    },
  },
  {
    name: 'reads under conditions',
    async run(s3) {
      const { ETag } = await s3.put('key')
      const past = new Date('2020-01-01T00:00:00Z')
      // S3 ignores dates to come.
      const { LastModified: now } = await head(s3, 'key')
      const get = (conditions: object) => outcome(s3.get('key', conditions))
      return {
        match: await get({ IfMatch: ETag }),
        noMatch: await get({ IfMatch: '"0"' }),
        noneMatch: await get({ IfNoneMatch: '"0"' }),
        notModified: await get({ IfNoneMatch: ETag }),
        since: await get({ IfModifiedSince: past }),
        notSince: await get({ IfModifiedSince: now }),
        unmodified: await get({ IfUnmodifiedSince: now }),
        modified: await get({ IfUnmodifiedSince: past }),
        matchButModified: await get({ IfMatch: ETag, IfUnmodifiedSince: past }),
        headNoMatch: await outcome(head(s3, 'key', { IfMatch: '"0"' })),
        headNotModified: await outcome(head(s3, 'key', { IfNoneMatch: ETag })),
      }
    },
  },
  {
    name: 'what is missing',
    async run(s3) {
      const Bucket = `${s3.bucket}-none`
      return {
        key: await outcome(s3.get('none')),
        head: await outcome(head(s3, 'none')),
        bucket: await outcome(s3.client.send(new GetObjectCommand({ Bucket, Key: 'none' }))),
        delete: await outcome(s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: 'none' }))),
      }
    },
  },
  {
    name: 'deleting many keys',
    async run(s3) {
      for (const key of ['a', ' b ', 'c&d']) await s3.put(key)
      const remove = (keys: readonly string[], Quiet = false) =>
        s3.client.send(
          new DeleteObjectsCommand({ Bucket: s3.bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet } }),
        )
      const names = (answer: Awaited<ReturnType<typeof remove>>) => (answer.Deleted ?? []).map(({ Key }) => Key).sort()
      return {
        verbose: await outcome(remove(['a', ' b ', 'gone']), names),
        quiet: await outcome(remove(['c&d'], true), names),
        tooMany: await outcome(remove(Array.from({ length: 1001 }, (_, key) => `${key}`))),
        left: await outcome(s3.get('c&d')),
      }
    },
  },
  {
    name: 'copies',
    async run(s3) {
      const { ETag } = await s3.put('from', 'x', { ContentType: 'text/plain', Metadata: { a: '1' } })
      const copy = (Key: string, source = 'from', more: object = {}) =>
        s3.client.send(new CopyObjectCommand({ Bucket: s3.bucket, Key, CopySource: `${s3.bucket}/${source}`, ...more }))
      return {
        plain: await outcome(copy('same'), (answer) => answer.CopyObjectResult?.ETag),
        attributes: await outcome(head(s3, 'same'), (answer) => [answer.ContentType, answer.Metadata]),
        replaced: await outcome(copy('new', 'from', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } })),
        replacement: await outcome(head(s3, 'new'), (answer) => answer.Metadata),
        missing: await outcome(copy('to', 'none')),
        itself: await outcome(copy('from')),
        ifMatch: await outcome(copy('to', 'from', { CopySourceIfMatch: '"0"' })),
        ifNoneMatch: await outcome(copy('to', 'from', { CopySourceIfNoneMatch: ETag })),
      }
    },
  },
  {
    name: 'encryption is echoed',
    async run(s3) {
      const put = (more: object) =>
        outcome(s3.put('key', 'x', more), (answer) => [answer.ServerSideEncryption, answer.SSEKMSKeyId])
      return {
        aes: await put({ ServerSideEncryption: 'AES256' }),
        kms: await put({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1' }),
        head: await outcome(head(s3, 'key'), (answer) => [answer.ServerSideEncryption, answer.SSEKMSKeyId]),
        default: await put({}),
      }
    },
  },
  {
    name: 'what is too long',
    async run(s3) {
      return {
        key1024: await outcome(s3.put('k'.repeat(1024))),
        key1025: await outcome(s3.put('k'.repeat(1025))),
        metadata: await outcome(s3.put('m', 'x', { Metadata: { a: 'm'.repeat(2048) } })),
      }
    },
  },
]
