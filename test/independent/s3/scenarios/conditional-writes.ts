import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { outcome, type Scenario, type Subject, tally } from '../subject.js'

const RACERS = 8
const MIB = 1024 * 1024

function remove(s3: Subject, Key: string, IfMatch: string | undefined) {
  return outcome(s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key, IfMatch })))
}

export const conditionalWriteScenarios: readonly Scenario[] = [
  {
    name: 'If-None-Match: * on PutObject',
    async run(s3) {
      return {
        first: await outcome(s3.put('key', 'one', { IfNoneMatch: '*' })),
        second: await outcome(s3.put('key', 'two', { IfNoneMatch: '*' })),
        text: await s3.text('key'),
      }
    },
  },
  {
    name: 'If-Match on PutObject',
    async run(s3) {
      const missing = await outcome(s3.put('key', 'x', { IfMatch: '"0"' }))
      const { ETag = '' } = await s3.put('key', 'one')
      const found = {
        missing,
        other: await outcome(s3.put('key', 'two', { IfMatch: '"0"' })),
        fits: await outcome(s3.put('key', 'three', { IfMatch: ETag })),
        stale: await outcome(s3.put('key', 'four', { IfMatch: ETag })),
      }
      return { ...found, text: await s3.text('key') }
    },
  },
  {
    name: 'If-Match with an ETag without quotes',
    async run(s3) {
      const { ETag = '' } = await s3.put('key', 'one')
      return { put: await outcome(s3.put('key', 'two', { IfMatch: ETag.replaceAll('"', '') })) }
    },
  },
  {
    name: 'eight racers create one key, ten times',
    async run(s3) {
      const rounds = []
      for (let round = 0; round < 10; round++) {
        rounds.push(
          await tally(
            Array.from({ length: RACERS }, (_, racer) => s3.put(`lock-${round}`, `${racer}`, { IfNoneMatch: '*' })),
          ),
        )
      }
      return { rounds }
    },
  },
  {
    name: 'eight racers replace one version, ten times',
    async run(s3) {
      const rounds = []
      await s3.put('head', 'start')
      for (let round = 0; round < 10; round++) {
        const { ETag } = await s3.get('head')
        rounds.push(
          await tally(
            Array.from({ length: RACERS }, (_, racer) => s3.put('head', `${round}/${racer}`, { IfMatch: ETag })),
          ),
        )
      }
      return { rounds }
    },
  },
  {
    name: 'conditions on CompleteMultipartUpload',
    async run(s3) {
      const begin = async () => {
        const id = await s3.begin('key')
        return { id, parts: [await s3.part('key', id, 1, 'part')] }
      }
      const [one, two, three, four] = [await begin(), await begin(), await begin(), await begin()]
      const missing = await outcome(s3.complete('key', one.id, one.parts, { IfMatch: '"0"' }))
      const created = await outcome(s3.complete('key', two.id, two.parts, { IfNoneMatch: '*' }), ({ ETag }) => ETag)
      const taken = await outcome(s3.complete('key', three.id, three.parts, { IfNoneMatch: '*' }))
      const { ETag } = await s3.get('key')
      return {
        missing,
        created,
        taken,
        other: await outcome(s3.complete('key', three.id, three.parts, { IfMatch: '"0"' })),
        fits: await outcome(s3.complete('key', four.id, four.parts, { IfMatch: ETag })),
      }
    },
  },
  {
    name: 'eight racers complete uploads of one new key',
    async run(s3) {
      const ids = await Promise.all(Array.from({ length: RACERS }, () => s3.begin('key')))
      const parts = await Promise.all(ids.map((id) => s3.part('key', id, 1, Buffer.alloc(MIB))))
      return {
        ended: await tally(ids.map((id, racer) => s3.complete('key', id, [parts[racer]!], { IfNoneMatch: '*' }))),
      }
    },
  },
  {
    name: 'conditions on the destination of a copy',
    async run(s3) {
      await s3.put('from')
      const copy = () =>
        outcome(
          s3.client.send(
            new CopyObjectCommand({ Bucket: s3.bucket, Key: 'to', CopySource: `${s3.bucket}/from`, IfNoneMatch: '*' }),
          ),
        )
      return { first: await copy(), second: await copy() }
    },
  },
  {
    name: 'conditions on DeleteObject',
    async run(s3) {
      const { ETag } = await s3.put('key', 'mine')
      await s3.put('key', 'theirs')
      return {
        stale: await remove(s3, 'key', ETag),
        any: await remove(s3, 'key', '*'),
        anyButGone: await remove(s3, 'key', '*'),
      }
    },
  },
  {
    name: 'conditions that S3 does not have',
    async run(s3) {
      return {
        noneMatchEtag: await outcome(s3.put('key', 'x', { IfNoneMatch: '"0"' })),
        both: await outcome(s3.put('key', 'x', { IfMatch: '"0"', IfNoneMatch: '*' })),
      }
    },
  },
]
