import { MergeShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import {
  createStream,
  errorOf,
  get,
  iterator,
  listShards,
  manualClock,
  put,
  START_MS,
  start,
  texts,
  textsOf,
} from './fixture.js'

const StreamName = 'taxi'
const MIB = 1024 * 1024

describe('getting records', () => {
  test('a record has its number, key, arrival time to the millisecond and data', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    clock.nowMs += 123
    const [SequenceNumber] = await put(client, StreamName, ['hello'], 'key')
    const { Records } = await get(client, await iterator(client, { StreamName }))
    expect(Records).toEqual([
      {
        SequenceNumber,
        PartitionKey: 'key',
        ApproximateArrivalTimestamp: new Date(START_MS + 123),
        Data: new Uint8Array(Buffer.from('hello')),
        EncryptionType: 'NONE',
      },
    ])
  })

  test('pages of any limit give every record once and in order', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    const all = Array.from({ length: 1200 }, (_, index) => `record ${index}`)
    for (let from = 0; from < all.length; from += 400) await put(client, StreamName, all.slice(from, from + 400))
    for (const limit of [7, 400, 1199, 1200, 10_000]) {
      const found: string[] = []
      let from = await iterator(client, { StreamName })
      let behind = 1
      while (behind > 0) {
        const page = await get(client, from, limit)
        expect(page.Records?.length).toBeLessThanOrEqual(limit)
        found.push(...textsOf(page))
        from = page.NextShardIterator ?? ''
        behind = page.MillisBehindLatest ?? 0
      }
      expect(found).toEqual(all)
    }
    const from = await iterator(client, { StreamName })
    for (const limit of [0, 10_001]) expect((await errorOf(get(client, from, limit))).name).toBe('ValidationException')
  })

  test('MillisBehindLatest is zero at the tip only', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    const empty = await get(client, await iterator(client, { StreamName }))
    expect(empty.MillisBehindLatest).toBe(0)
    await put(client, StreamName, ['a', 'b'])
    const fresh = await get(client, await iterator(client, { StreamName }), 1)
    expect(fresh.MillisBehindLatest).toBeGreaterThan(0)
    clock.nowMs += 90_000
    const first = await get(client, await iterator(client, { StreamName }), 1)
    expect(first.MillisBehindLatest).toBe(90_000)
    const second = await get(client, first.NextShardIterator ?? '', 1)
    expect([textsOf(second), second.MillisBehindLatest]).toEqual([['b'], 0])
  })

  test('one call gives at most 10 MB', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    const Records = [1, 2, 3, 4].map(() => ({ Data: Buffer.alloc(MIB - 1, 7), PartitionKey: 'k' }))
    for (let call = 0; call < 3; call++) await client.send(new PutRecordsCommand({ StreamName, Records }))
    const first = await get(client, await iterator(client, { StreamName }))
    expect(first.Records).toHaveLength(10)
    expect(first.MillisBehindLatest).toBeGreaterThan(0)
    const rest = await get(client, first.NextShardIterator ?? '')
    expect(rest.Records).toHaveLength(2)
    expect(rest.MillisBehindLatest).toBe(0)
  })

  test('what is past 24 hours is gone, and its number stands for the oldest that is left', async () => {
    const clock = manualClock()
    const { server, client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    const [old] = await put(client, StreamName, ['old', 'old too'])
    clock.nowMs += 3_600_000
    await put(client, StreamName, ['young'])
    clock.nowMs = START_MS + 24 * 3_600_000
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual(['old', 'old too', 'young'])
    clock.nowMs += 1
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual(['young'])
    const after = { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: old } as const
    expect(await texts(client, await iterator(client, { StreamName, ...after }))).toEqual(['young'])
    clock.nowMs += 3_600_000
    expect(await texts(client, await iterator(client, { StreamName }))).toEqual([])
    expect(server.stats()).toMatchObject({ records: 0, heldBytes: 0, trimmedByAge: 3 })
  })

  test('a bound on memory drops the oldest records of the stream and counts them', async () => {
    const { server, client } = await start({ retentionBytes: 4 * MIB })
    await createStream(client, StreamName, 2)
    const Data = Buffer.alloc(10_000)
    for (let call = 0; call < 10; call++) {
      const Records = Array.from({ length: 100 }, (_, i) => ({ Data, PartitionKey: `${call}-${i}` }))
      await client.send(new PutRecordsCommand({ StreamName, Records }))
    }
    const stats = server.stats()
    expect(stats.heldBytes).toBeLessThanOrEqual(4 * MIB)
    expect(stats.heldBytes).toBeGreaterThan(2 * MIB)
    expect(stats.trimmedBySize).toBe(1000 - stats.records)
    let found = 0
    for (const { ShardId } of await listShards(client, StreamName)) {
      const { Records } = await get(client, await iterator(client, { StreamName, ShardId }))
      found += Records?.length ?? 0
      expect(Records?.at(-1)?.PartitionKey).toMatch(/^9-/)
    }
    expect(found).toBe(stats.records)
  })
})

describe('resharding', () => {
  test('a split shard ends with a null iterator and names its children', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['a', 'b'])
    const middle = 2n ** 127n
    const ShardToSplit = 'shardId-000000000000'
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: `${middle}` }))
    await put(client, StreamName, ['c', 'd', 'e', 'f'])

    const first = await get(client, await iterator(client, { StreamName }), 1)
    expect([textsOf(first), first.ChildShards]).toEqual([['a'], undefined])
    const last = await get(client, first.NextShardIterator ?? '')
    expect(textsOf(last)).toEqual(['b'])
    expect(last.NextShardIterator ?? null).toBeNull()
    expect(last.MillisBehindLatest).toBe(0)
    expect(last.ChildShards).toEqual([
      {
        ShardId: 'shardId-000000000001',
        ParentShards: [ShardToSplit],
        HashKeyRange: { StartingHashKey: '0', EndingHashKey: `${middle - 1n}` },
      },
      {
        ShardId: 'shardId-000000000002',
        ParentShards: [ShardToSplit],
        HashKeyRange: { StartingHashKey: `${middle}`, EndingHashKey: `${2n ** 128n - 1n}` },
      },
    ])

    const [parent, ...children] = await listShards(client, StreamName)
    const ending = BigInt(parent?.SequenceNumberRange?.EndingSequenceNumber ?? 0)
    expect(ending).toBeGreaterThan(BigInt(last.Records?.[0]?.SequenceNumber ?? 0))
    const childTexts: string[] = []
    for (const child of children) {
      expect(child.ParentShardId).toBe(ShardToSplit)
      expect(BigInt(child.SequenceNumberRange?.StartingSequenceNumber ?? 0)).toBeGreaterThan(ending)
      childTexts.push(...(await texts(client, await iterator(client, { StreamName, ShardId: child.ShardId }))))
    }
    expect(childTexts.sort()).toEqual(['c', 'd', 'e', 'f'])
  })

  test('any position at the end of a closed shard gives the null iterator', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['a'])
    const waiting = await iterator(client, { StreamName, ShardIteratorType: 'LATEST' })
    const ShardToSplit = 'shardId-000000000000'
    await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: '1000' }))
    const [closed] = await listShards(client, StreamName)
    const StartingSequenceNumber = closed?.SequenceNumberRange?.EndingSequenceNumber
    const ends = [
      waiting,
      await iterator(client, { StreamName, ShardIteratorType: 'LATEST' }),
      await iterator(client, { StreamName, ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber }),
    ]
    for (const end of ends) {
      const result = await get(client, end)
      expect([result.Records, result.NextShardIterator ?? null, result.ChildShards?.length]).toEqual([[], null, 2])
    }
  })

  test('merged shards are both parents of the new one', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 3)
    const merge = (ShardToMerge: string, AdjacentShardToMerge: string): Promise<unknown> =>
      client.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }))
    const apart = await errorOf(merge('shardId-000000000000', 'shardId-000000000002'))
    expect(apart.name).toBe('InvalidArgumentException')
    await merge('shardId-000000000001', 'shardId-000000000000')
    const shards = await listShards(client, StreamName)
    expect(shards[3]).toMatchObject({
      ShardId: 'shardId-000000000003',
      ParentShardId: 'shardId-000000000001',
      AdjacentParentShardId: 'shardId-000000000000',
      HashKeyRange: { StartingHashKey: '0', EndingHashKey: shards[1]?.HashKeyRange?.EndingHashKey },
    })
    const again = await errorOf(merge('shardId-000000000001', 'shardId-000000000000'))
    expect(again).toMatchObject({ name: 'InvalidArgumentException', message: expect.stringContaining('is closed') })
  })

  test('a split outside the shard is refused', async () => {
    const { client } = await start()
    const [, second] = await createStream(client, StreamName, 2)
    const { StartingHashKey = '', EndingHashKey = '' } = second?.HashKeyRange ?? {}
    for (const NewStartingHashKey of ['0', StartingHashKey, EndingHashKey]) {
      const split = new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000001', NewStartingHashKey })
      expect((await errorOf(client.send(split))).name).toBe('InvalidArgumentException')
    }
    expect(await listShards(client, StreamName)).toHaveLength(2)
  })
})
