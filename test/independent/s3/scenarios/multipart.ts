import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { type Finding, outcome, type Scenario, type Subject } from '../subject.js'

const MIB = 1024 * 1024

function abort(s3: Subject, Key: string, UploadId: string) {
  return outcome(s3.client.send(new AbortMultipartUploadCommand({ Bucket: s3.bucket, Key, UploadId })))
}

/** Pages of keys and common prefixes. */
async function listUploads(s3: Subject, more: Partial<ListMultipartUploadsCommandInput>): Promise<Finding> {
  const pages: Finding[] = []
  let markers: Partial<ListMultipartUploadsCommandInput> = {}
  for (let page = 0; page < 20; page++) {
    const answer = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket, ...more, ...markers }))
    pages.push([
      ...(answer.Uploads ?? []).map(({ Key }) => Key),
      ...(answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
    ])
    if (!answer.IsTruncated) return pages
    markers = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker }
  }
  return 'no end after 20 pages'
}

export const multipartScenarios: readonly Scenario[] = [
  {
    name: 'parts become one object',
    async run(s3) {
      const id = await s3.begin('key', { ContentType: 'text/csv', Metadata: { a: '1' } })
      const last = await s3.part('key', id, 9, 'tail')
      const first = await s3.part('key', id, 2, Buffer.alloc(5 * MIB, 'a'))
      const before = await outcome(s3.get('key'))
      return {
        before,
        done: await outcome(s3.complete('key', id, [first, last]), (answer) => answer.ETag),
        get: await outcome(s3.get('key'), async (answer) => [
          answer.ContentLength,
          answer.ContentType,
          answer.Metadata,
          answer.ETag,
          (await answer.Body?.transformToString())?.slice(-6),
        ]),
        again: await outcome(s3.complete('key', id, [first, last])),
      }
    },
  },
  {
    name: 'lists of parts that do not fit',
    async run(s3) {
      const id = await s3.begin('key')
      const stale = await s3.part('key', id, 1, 'stale')
      const big = await s3.part('key', id, 1, Buffer.alloc(5 * MIB))
      const small = await s3.part('key', id, 2, 'small')
      const last = await s3.part('key', id, 3, 'last')
      return {
        tooSmall: await outcome(s3.complete('key', id, [big, small, last])),
        order: await outcome(s3.complete('key', id, [last, big])),
        unknown: await outcome(s3.complete('key', id, [big, { ...last, PartNumber: 4 }])),
        replaced: await outcome(s3.complete('key', id, [stale])),
        none: await outcome(s3.complete('key', id, [])),
        fits: await outcome(s3.complete('key', id, [big, last])),
      }
    },
  },
  {
    name: 'uploads that are gone',
    async run(s3) {
      const id = await s3.begin('key')
      const part = await s3.part('key', id, 1, 'x')
      return {
        abort: await abort(s3, 'key', id),
        abortAgain: await abort(s3, 'key', id),
        part: await outcome(s3.part('key', id, 1, 'x').then(() => ({ $metadata: { httpStatusCode: 200 } }))),
        complete: await outcome(s3.complete('key', id, [part])),
        parts: await outcome(s3.client.send(new ListPartsCommand({ Bucket: s3.bucket, Key: 'key', UploadId: id }))),
      }
    },
  },
  {
    name: 'parts in pages',
    async run(s3) {
      const id = await s3.begin('key')
      for (const number of [5, 1, 10_000, 2]) await s3.part('key', id, number, `part ${number}`)
      const list = (PartNumberMarker: string | undefined, MaxParts: number) =>
        outcome(
          s3.client.send(
            new ListPartsCommand({ Bucket: s3.bucket, Key: 'key', UploadId: id, PartNumberMarker, MaxParts }),
          ),
          (answer) => [
            (answer.Parts ?? []).map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag]),
            answer.IsTruncated,
            answer.IsTruncated ? answer.NextPartNumberMarker : undefined,
          ],
        )
      return { first: await list(undefined, 2), second: await list('2', 2), all: await list(undefined, 1000) }
    },
  },
  {
    name: 'part numbers that are none',
    async run(s3) {
      const id = await s3.begin('key')
      const put = (number: number) =>
        outcome(s3.part('key', id, number, 'x').then(() => ({ $metadata: { httpStatusCode: 200 } })))
      return { zero: await put(0), tooHigh: await put(10_001) }
    },
  },
  {
    name: 'uploads in pages',
    async run(s3) {
      for (const key of ['d', 'c', 'b/2', 'b/1', 'a']) await s3.begin(key)
      return {
        all: await listUploads(s3, {}),
        pages: await listUploads(s3, { MaxUploads: 2 }),
        prefix: await listUploads(s3, { Prefix: 'b/' }),
        delimiter: await listUploads(s3, { Delimiter: '/' }),
      }
    },
  },
  {
    name: 'parts copied from an object',
    async run(s3) {
      await s3.put('from', '0123456789')
      const id = await s3.begin('to')
      const copy = (PartNumber: number, CopySourceRange: string | undefined) => {
        const input = { Bucket: s3.bucket, Key: 'to', UploadId: id, PartNumber, CopySourceRange }
        return s3.client.send(new UploadPartCopyCommand({ ...input, CopySource: `${s3.bucket}/from` }))
      }
      const answer = await copy(1, 'bytes=2-5')
      const beyond = await outcome(copy(2, 'bytes=2-99'))
      const { ETag, ChecksumCRC32 } = answer.CopyPartResult ?? {}
      await s3.complete('to', id, [{ PartNumber: 1, ETag, ChecksumCRC32 }])
      return { etag: ETag, beyond, text: await s3.text('to') }
    },
  },
  {
    name: 'a part read by its number',
    async run(s3) {
      const id = await s3.begin('key')
      const parts = [await s3.part('key', id, 1, Buffer.alloc(5 * MIB)), await s3.part('key', id, 2, 'two')]
      await s3.complete('key', id, parts)
      const get = (PartNumber: number) =>
        outcome(s3.get('key', { PartNumber }), (answer) => [
          answer.ContentLength,
          answer.PartsCount,
          answer.ContentRange,
        ])
      return { second: await get(2), third: await get(3) }
    },
  },
]
