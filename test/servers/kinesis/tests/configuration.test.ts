import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DescribeLimitsCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
  ListTagsForStreamCommand,
  MergeShardsCommand,
  RemoveTagsFromStreamCommand,
  SplitShardCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
  type StreamMode,
  UpdateShardCountCommand,
  UpdateStreamModeCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import { STREAM_ARN } from './fan-out.fixture.js'
import { createStream, errorOf, get, iterator, listShards, manualClock, put, start, texts } from './fixture.js'

const StreamName = 'taxi'
const HOUR = 3_600_000

async function ready() {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment })
  await createStream(client, StreamName, 1)
  return { clock, client }
}

const increase = (client: KinesisClient, RetentionPeriodHours: number | undefined): Promise<unknown> =>
  client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }))

const decrease = (client: KinesisClient, RetentionPeriodHours: number): Promise<unknown> =>
  client.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }))

const setMode = (client: KinesisClient, mode: string): Promise<unknown> =>
  client.send(
    new UpdateStreamModeCommand({ StreamARN: STREAM_ARN, StreamModeDetails: { StreamMode: mode as StreamMode } }),
  )

async function summary(client: KinesisClient) {
  const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }))
  return StreamDescriptionSummary
}

describe('retention', () => {
  test('grows for what is there, and does not bring back what was gone', async () => {
    const { clock, client } = await ready()
    await put(client, StreamName, ['gone'])
    clock.nowMs += 20 * HOUR
    await put(client, StreamName, ['kept'])
    clock.nowMs += 5 * HOUR
    await increase(client, 48)
    expect((await summary(client))?.RetentionPeriodHours).toBe(48)
    const from = await iterator(client, { StreamName })
    expect(await texts(client, from)).toEqual(['kept'])
    clock.nowMs += 42 * HOUR
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual(['kept'])
    clock.nowMs += 2 * HOUR
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual([])
  })

  test('shrinks at once', async () => {
    const { clock, client } = await ready()
    await increase(client, 48)
    await put(client, StreamName, ['a'])
    clock.nowMs += 30 * HOUR
    await put(client, StreamName, ['b'])
    await decrease(client, 24)
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual(['b'])
  })

  test('closed shards leave the listing after it', async () => {
    const { clock, client } = await ready()
    const quarter = (2n ** 126n).toString()
    const ShardToSplit = 'shardId-000000000000'
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: quarter }))
    clock.nowMs += 24 * HOUR
    expect(await listShards(client, StreamName)).toHaveLength(3)
    clock.nowMs += 1
    const left = await listShards(client, StreamName)
    expect(left.map((shard) => shard.ParentShardId)).toEqual([ShardToSplit, ShardToSplit])
    expect((await errorOf(iterator(client, { StreamName }))).name).toBe('ResourceNotFoundException')
  })

  test('has its bounds and directions', async () => {
    const { client } = await ready()
    const refused = 'InvalidArgumentException'
    expect((await errorOf(increase(client, 23))).name).toBe(refused)
    expect((await errorOf(increase(client, 8761))).name).toBe(refused)
    expect((await errorOf(increase(client, undefined))).name).toBe('ValidationException')
    expect((await errorOf(decrease(client, 25))).message).toContain('Use IncreaseStreamRetentionPeriod API.')
    await increase(client, 8760)
    expect(await errorOf(increase(client, 24))).toEqual({
      name: refused,
      message:
        'Requested retention period (24 hours) for stream taxi under account 000000000000 can not be shorter than existing ' +
        'retention period (8760 hours). Use DecreaseStreamRetentionPeriod API.',
    })
    expect((await errorOf(decrease(client, 23))).name).toBe(refused)
    await decrease(client, 24)
  })
})

test('an on-demand stream has no calls that set its shards', async () => {
  const { client } = await ready()
  const target = { StreamName, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' } as const
  const calls = (): readonly Promise<unknown>[] => [
    client.send(new UpdateShardCountCommand(target)),
    client.send(
      new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: `${2n ** 127n}` }),
    ),
    client.send(
      new MergeShardsCommand({
        StreamName,
        ShardToMerge: 'shardId-000000000001',
        AdjacentShardToMerge: 'shardId-000000000002',
      }),
    ),
  ]
  await setMode(client, 'ON_DEMAND')
  expect((await summary(client))?.StreamModeDetails).toEqual({ StreamMode: 'ON_DEMAND' })
  const refusals = await Promise.all(calls().map(async (call) => (await errorOf(call)).name))
  expect(refusals).toEqual(['ValidationException', 'ValidationException', 'ValidationException'])
  const limits = await client.send(new DescribeLimitsCommand({}))
  expect(limits).toMatchObject({ ShardLimit: 1000, OpenShardCount: 1, OnDemandStreamCount: 1 })
  await setMode(client, 'PROVISIONED')
  await client.send(new UpdateShardCountCommand(target))
  expect((await errorOf(setMode(client, 'SOMETIMES'))).name).toBe('ValidationException')
})

test('encryption is said of the stream and of what is put and read', async () => {
  const { client } = await ready()
  const key = { StreamName, EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' } as const
  await client.send(new StartStreamEncryptionCommand(key))
  await put(client, StreamName, ['a'])
  const { Records } = await get(client, await iterator(client, { StreamName }))
  expect(Records?.[0]?.EncryptionType).toBe('KMS')
  expect(await summary(client)).toMatchObject({ EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' })
  await client.send(new StopStreamEncryptionCommand(key))
  expect((await summary(client))?.EncryptionType).toBe('NONE')
  const noKey = client.send(new StartStreamEncryptionCommand({ ...key, KeyId: '' }))
  expect((await errorOf(noKey)).name).toBe('ValidationException')
})

test('tags are set, listed in pages and removed', async () => {
  const { client } = await ready()
  const add = (Tags: Record<string, string>): Promise<unknown> =>
    client.send(new AddTagsToStreamCommand({ StreamName, Tags }))
  await add({ team: 'taxi', env: 'test' })
  await add({ env: 'production', area: 'nyc' })
  const page = await client.send(new ListTagsForStreamCommand({ StreamName, Limit: 2 }))
  expect(page).toMatchObject({
    Tags: [
      { Key: 'area', Value: 'nyc' },
      { Key: 'env', Value: 'production' },
    ],
    HasMoreTags: true,
  })
  const rest = await client.send(new ListTagsForStreamCommand({ StreamName, ExclusiveStartTagKey: 'env' }))
  expect(rest).toMatchObject({ Tags: [{ Key: 'team', Value: 'taxi' }], HasMoreTags: false })
  await client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ['area', 'env'] }))
  expect((await client.send(new ListTagsForStreamCommand({ StreamName }))).Tags).toHaveLength(1)
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key-${index}`, '']))
  expect((await errorOf(add(many))).name).toBe('InvalidArgumentException')
  expect((await errorOf(add({ ['k'.repeat(129)]: '' }))).name).toBe('ValidationException')
  expect((await errorOf(add({ key: 'v'.repeat(257) }))).name).toBe('ValidationException')
  await client.send(new CreateStreamCommand({ StreamName: 'tagged', ShardCount: 1, Tags: { a: 'b' } }))
  const { Tags } = await client.send(new ListTagsForStreamCommand({ StreamName: 'tagged' }))
  expect(Tags).toEqual([{ Key: 'a', Value: 'b' }])
})
