import {
  ListShardsCommand,
  type ListShardsCommandInput,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import { createStream, errorOf, manualClock, START_MS, type Started, start } from './fixture.js'

const SECOND = 1000
const HOUR = 3_600_000

async function ids(client: Started['client'], input: ListShardsCommandInput): Promise<readonly number[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand(input))
  return Shards.map((shard) => Number(shard.ShardId?.slice(-12)))
}

test('ListShards pages with tokens that carry the whole request and expire', async () => {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment })
  await createStream(client, 'taxi', 5)
  const first = await client.send(
    new ListShardsCommand({ StreamName: 'taxi', MaxResults: 2, ExclusiveStartShardId: 'shardId-000000000000' }),
  )
  expect(first.Shards?.map((shard) => shard.ShardId?.slice(-1))).toEqual(['1', '2'])
  const NextToken = first.NextToken
  expect(await ids(client, { NextToken, MaxResults: 2 })).toEqual([3, 4])
  expect((await errorOf(ids(client, { NextToken, StreamName: 'taxi' }))).name).toBe('InvalidArgumentException')
  expect((await errorOf(ids(client, { NextToken: 'made up' }))).name).toBe('InvalidArgumentException')
  clock.nowMs += 300_001
  expect((await errorOf(ids(client, { NextToken }))).name).toBe('ExpiredNextTokenException')
})

test('the last page has no token', async () => {
  const { client } = await start()
  await createStream(client, 'taxi', 2)
  const page = await client.send(new ListShardsCommand({ StreamName: 'taxi', MaxResults: 2 }))
  expect(page.NextToken).toBeUndefined()
})

test('filters select shards by the times at which they were open', async () => {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment })
  await createStream(client, 'taxi', 2)
  clock.nowMs += 10 * SECOND
  const quarter = (2n ** 126n).toString()
  await client.send(
    new SplitShardCommand({ StreamName: 'taxi', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: quarter }),
  )
  clock.nowMs += 10 * SECOND
  await client.send(
    new MergeShardsCommand({
      StreamName: 'taxi',
      ShardToMerge: 'shardId-000000000003',
      AdjacentShardToMerge: 'shardId-000000000001',
    }),
  )
  const filtered = (Type: string, more: { Timestamp?: Date; ShardId?: string } = {}): Promise<readonly number[]> =>
    ids(client, { StreamName: 'taxi', ShardFilter: { Type: Type as 'AT_LATEST', ...more } })
  const at = (second: number): { Timestamp: Date } => ({ Timestamp: new Date(START_MS + second * SECOND) })

  expect(await ids(client, { StreamName: 'taxi' })).toEqual([0, 1, 2, 3, 4])
  expect(await filtered('AT_LATEST')).toEqual([2, 4])
  expect(await filtered('FROM_TRIM_HORIZON')).toEqual([0, 1, 2, 3, 4])
  expect(await filtered('AT_TRIM_HORIZON')).toEqual([0, 1])
  expect(await filtered('AT_TIMESTAMP', at(5))).toEqual([0, 1])
  expect(await filtered('AT_TIMESTAMP', at(15))).toEqual([1, 2, 3])
  expect(await filtered('FROM_TIMESTAMP', at(15))).toEqual([1, 2, 3, 4])
  expect(await filtered('AFTER_SHARD_ID', { ShardId: 'shardId-000000000002' })).toEqual([3, 4])
  expect((await errorOf(filtered('AT_TIMESTAMP'))).name).toBe('InvalidArgumentException')
  expect((await errorOf(filtered('SOMETIMES'))).name).toBe('ValidationException')

  clock.nowMs = START_MS + 15 * SECOND + 24 * HOUR
  expect(await ids(client, { StreamName: 'taxi' })).toEqual([1, 2, 3, 4])
  expect(await filtered('AT_TRIM_HORIZON')).toEqual([1, 2, 3])
})

test('a creation time that is not the stream\u2019s finds nothing', async () => {
  const { client } = await start({ environment: manualClock().environment })
  await createStream(client, 'taxi', 1)
  const input = { StreamName: 'taxi', StreamCreationTimestamp: new Date(START_MS) }
  expect(await ids(client, input)).toEqual([0])
  const other = { StreamName: 'taxi', StreamCreationTimestamp: new Date(START_MS + SECOND) }
  expect((await errorOf(ids(client, other))).name).toBe('ResourceNotFoundException')
})
