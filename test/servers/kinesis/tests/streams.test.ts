import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import { createStream, errorOf, get, iterator, manualClock, put, START_MS, start } from './fixture.js'

describe('streams of the local Kinesis', () => {
  test('a new stream is active at once, with its ARN, creation time and even hash ranges', async () => {
    const { client } = await start({ environment: manualClock().environment })
    await createStream(client, 'taxi', 3)
    const { StreamDescription: stream } = await client.send(new DescribeStreamCommand({ StreamName: 'taxi' }))
    expect(stream).toMatchObject({
      StreamName: 'taxi',
      StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/taxi',
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      RetentionPeriodHours: 24,
      HasMoreShards: false,
      StreamCreationTimestamp: new Date(START_MS),
    })
    const third = 2n ** 128n / 3n
    expect(stream?.Shards?.map((shard) => [shard.ShardId, shard.HashKeyRange])).toEqual([
      ['shardId-000000000000', { StartingHashKey: '0', EndingHashKey: `${third - 1n}` }],
      ['shardId-000000000001', { StartingHashKey: `${third}`, EndingHashKey: `${2n * third - 1n}` }],
      ['shardId-000000000002', { StartingHashKey: `${2n * third}`, EndingHashKey: `${2n ** 128n - 1n}` }],
    ])
  })

  test('the summary counts open shards and has no list of them', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 5)
    const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/taxi'
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamARN: arn }))
    expect(StreamDescriptionSummary).toMatchObject({ StreamName: 'taxi', OpenShardCount: 5, ConsumerCount: 0 })
    expect(StreamDescriptionSummary).not.toHaveProperty('Shards')
  })

  test('DescribeStream pages through shards', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 5)
    const ids: (string | undefined)[] = []
    let hasMore = true
    while (hasMore) {
      const after = ids.at(-1)
      const { StreamDescription: page } = await client.send(
        new DescribeStreamCommand({
          StreamName: 'taxi',
          Limit: 2,
          ...(after === undefined ? {} : { ExclusiveStartShardId: after }),
        }),
      )
      ids.push(...(page?.Shards ?? []).map((shard) => shard.ShardId))
      hasMore = page?.HasMoreShards ?? false
    }
    expect(ids).toEqual([0, 1, 2, 3, 4].map((index) => `shardId-00000000000${index}`))
  })

  test('an on-demand stream begins with four shards', async () => {
    const { client } = await start()
    await client.send(new CreateStreamCommand({ StreamName: 'taxi', StreamModeDetails: { StreamMode: 'ON_DEMAND' } }))
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: 'taxi' }))
    expect(StreamDescriptionSummary).toMatchObject({
      OpenShardCount: 4,
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    })
  })

  test('ListStreams pages by name and by token', async () => {
    const { client } = await start()
    for (const name of ['c', 'a', 'b']) await createStream(client, name, 1)
    const first = await client.send(new ListStreamsCommand({ Limit: 2 }))
    expect(first.StreamNames).toEqual(['a', 'b'])
    expect(first.HasMoreStreams).toBe(true)
    const byToken = await client.send(new ListStreamsCommand({ NextToken: first.NextToken }))
    const byName = await client.send(new ListStreamsCommand({ ExclusiveStartStreamName: 'b' }))
    for (const rest of [byToken, byName]) {
      expect(rest.StreamNames).toEqual(['c'])
      expect(rest.StreamSummaries?.[0]?.StreamStatus).toBe('ACTIVE')
      expect(rest.HasMoreStreams).toBe(false)
      expect(rest.NextToken).toBeUndefined()
    }
    expect((await errorOf(client.send(new ListStreamsCommand({ NextToken: 'made up' })))).name).toBe(
      'InvalidArgumentException',
    )
  })

  test('a deleted stream is gone, and its successor of the same name is another one', async () => {
    const { client } = await start({ environment: manualClock().environment })
    await createStream(client, 'taxi', 1)
    const [number] = await put(client, 'taxi', ['old'])
    const old = await iterator(client, { StreamName: 'taxi' })
    await client.send(new DeleteStreamCommand({ StreamName: 'taxi' }))
    expect(await errorOf(client.send(new DescribeStreamCommand({ StreamName: 'taxi' })))).toEqual({
      name: 'ResourceNotFoundException',
      message: 'Stream taxi under account 000000000000 not found.',
    })
    await createStream(client, 'taxi', 1)
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName: 'taxi' }))
    expect(StreamDescription?.StreamCreationTimestamp?.getTime()).toBeGreaterThan(START_MS)
    expect((await errorOf(get(client, old))).name).toBe('ResourceNotFoundException')
    const again = iterator(client, {
      StreamName: 'taxi',
      ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
      StartingSequenceNumber: number,
    })
    expect((await errorOf(again)).message).toContain('did not come from this stream')
  })

  test('with a creation delay a stream is CREATING first and takes no records', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment, streamCreationMs: 500 })
    await client.send(new CreateStreamCommand({ StreamName: 'taxi', ShardCount: 1 }))
    const describeIt = new DescribeStreamCommand({ StreamName: 'taxi' })
    expect((await client.send(describeIt)).StreamDescription).toMatchObject({ StreamStatus: 'CREATING', Shards: [] })
    expect((await errorOf(put(client, 'taxi', ['early']))).name).toBe('ResourceNotFoundException')
    clock.nowMs += 500
    expect((await client.send(describeIt)).StreamDescription?.StreamStatus).toBe('ACTIVE')
    expect(await put(client, 'taxi', ['in time'])).toHaveLength(1)
  })

  test.each([
    [{ StreamName: 'taxi', ShardCount: 1 }, 'ResourceInUseException'],
    [{ StreamName: 'with space', ShardCount: 1 }, 'ValidationException'],
    [{ StreamName: 'x'.repeat(129), ShardCount: 1 }, 'ValidationException'],
    [{ StreamName: 'none', ShardCount: 0 }, 'ValidationException'],
    [{ StreamName: 'none' }, 'ValidationException'],
    [{ StreamName: 'many', ShardCount: 50 }, 'LimitExceededException'],
  ])('CreateStream %j fails with %s', async (input, error) => {
    const { client } = await start({ shardLimit: 50 })
    await createStream(client, 'taxi', 1)
    expect((await errorOf(client.send(new CreateStreamCommand(input)))).name).toBe(error)
  })
})
