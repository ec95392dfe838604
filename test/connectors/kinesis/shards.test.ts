import { expect, test } from 'vitest'
import { type KinesisSplit, subtaskOfHashRange } from '../../../connectors/kinesis/split.js'
import { discover, put, readAll, startStream, textSource } from './fixture.js'

test('every shard is a split, identified by stream, creation time and shard id; together they hold each record once', async () => {
  const { server, client, shards } = await startStream(4)
  const texts = Array.from({ length: 2000 }, (_, index) => `${index}`)
  await put(client, texts)
  const source = textSource(server, { endAt: 'tip' })
  const { splits } = await discover(source)
  expect(splits.map((split) => (split as KinesisSplit).shardId)).toEqual(shards.map((shard) => shard.ShardId))
  expect(splits[2]?.id).toMatch(/^arn:aws:kinesis:us-east-1:000000000000:stream\/taxi@\d{13}\/shardId-000000000002$/)
  const read = await Promise.all(splits.map((split) => readAll(source, split)))
  expect(read.every((values) => values.length > 0)).toBe(true)
  expect(read.flat().sort()).toEqual([...texts].sort())
})

test('a listing of several pages is followed to its end', async () => {
  const { server } = await startStream(1200, { shardLimit: 2000 })
  const { splits } = await discover(textSource(server))
  expect(new Set(splits.map(({ id }) => id)).size).toBe(1200)
})

test('shards go to subtasks by the middle of their hash range', async () => {
  const { server } = await startStream(6)
  const { enumerator, splits } = await discover(textSource(server))
  const assigned = (parallelism: number) =>
    splits.map((split, ordinal) => enumerator.assign?.(split, ordinal, parallelism))
  expect(assigned(1)).toEqual([0, 0, 0, 0, 0, 0])
  expect(assigned(2)).toEqual([0, 0, 0, 1, 1, 1])
  expect(assigned(3)).toEqual([0, 0, 1, 1, 2, 2])
  expect(assigned(6)).toEqual([0, 1, 2, 3, 4, 5])
  const last = ((1n << 128n) - 1n).toString()
  expect(subtaskOfHashRange({ start: last, end: last }, 7)).toBe(6)
})

test('a discovered shard is not handed out again', async () => {
  const { server } = await startStream(2)
  const { enumerator, splits } = await discover(textSource(server))
  expect(await enumerator.discover(new Set(splits.map(({ id }) => id)))).toEqual([])
})
