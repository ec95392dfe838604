import { createHash } from 'node:crypto'
import { PutRecordCommand, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStream, errorOf, get, iterator, listShards, put, start, textsOf } from './fixture.js'

const MIB = 1024 * 1024
const entry = (bytes: number, key = 'k'): PutRecordsRequestEntry => ({ Data: Buffer.alloc(bytes), PartitionKey: key })

describe('putting records', () => {
  test('MD5 of the partition key decides the shard', async () => {
    const { client } = await start()
    const shards = await createStream(client, 'taxi', 7)
    const expected = (key: string): string | undefined => {
      const position = BigInt(`0x${createHash('md5').update(key, 'utf8').digest('hex')}`)
      return shards.find(
        ({ HashKeyRange: range }) =>
          position >= BigInt(range?.StartingHashKey ?? 0) && position <= BigInt(range?.EndingHashKey ?? 0),
      )?.ShardId
    }
    const keys = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(keys, async (batch) => {
        const Records = batch.map((key) => entry(1, key))
        const result = await client.send(new PutRecordsCommand({ StreamName: 'taxi', Records }))
        expect(result.Records?.map((record) => record.ShardId)).toEqual(batch.map(expected))
      }),
      { numRuns: 30 },
    )
  })

  test('an explicit hash key overrides the partition key', async () => {
    const { client } = await start()
    const shards = await createStream(client, 'taxi', 4)
    for (const { ShardId, HashKeyRange } of shards) {
      for (const ExplicitHashKey of [HashKeyRange?.StartingHashKey, HashKeyRange?.EndingHashKey]) {
        const input = { StreamName: 'taxi', Data: Buffer.from('x'), PartitionKey: 'same', ExplicitHashKey }
        expect((await client.send(new PutRecordCommand(input))).ShardId).toBe(ShardId)
      }
    }
  })

  test('sequence numbers grow across the whole stream, in text and in number', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 3)
    const numbers: string[] = []
    for (let call = 0; call < 3; call++) {
      numbers.push(...(await put(client, 'taxi', ['a', 'b', 'c', 'd', 'e', 'f'])))
      const single = new PutRecordCommand({ StreamName: 'taxi', Data: Buffer.from('g'), PartitionKey: `g${call}` })
      numbers.push((await client.send(single)).SequenceNumber ?? '')
    }
    for (const number of numbers) expect(number).toMatch(/^49\d{54}$/)
    expect([...numbers].sort()).toEqual(numbers)
    expect(new Set(numbers).size).toBe(21)
    const starts = (await listShards(client, 'taxi')).map((shard) => shard.SequenceNumberRange?.StartingSequenceNumber)
    for (const first of starts) expect(BigInt(first ?? 0)).toBeLessThan(BigInt(numbers[0] ?? 0))
  })

  test('any bytes and any partition key come back as they were put', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 1)
    let from = await iterator(client, { StreamName: 'taxi' })
    const record = fc.record({
      Data: fc.uint8Array({ maxLength: 300 }),
      PartitionKey: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        await client.send(new PutRecordsCommand({ StreamName: 'taxi', Records: records }))
        const result = await get(client, from)
        from = result.NextShardIterator ?? ''
        const found = result.Records?.map(({ Data, PartitionKey }) => ({ Data: Data && [...Data], PartitionKey }))
        expect(found).toEqual(records.map(({ Data, PartitionKey }) => ({ Data: [...Data], PartitionKey })))
      }),
      { numRuns: 40 },
    )
  })

  test('the limits of one call hold exactly', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 1)
    const putEntries = (Records: PutRecordsRequestEntry[]): Promise<unknown> =>
      client.send(new PutRecordsCommand({ StreamName: 'taxi', Records }))
    const fiveMib = [1, 2, 3, 4, 5].map(() => entry(MIB - 1))

    await putEntries(Array.from({ length: 500 }, () => entry(1)))
    await putEntries(fiveMib)
    await putEntries([entry(1, '\u{1f695}'.repeat(256))])

    const refused: readonly [PutRecordsRequestEntry[], string][] = [
      [Array.from({ length: 501 }, () => entry(1)), 'ValidationException'],
      [[], 'ValidationException'],
      [[...fiveMib.slice(1), entry(MIB - 1), entry(0)], 'InvalidArgumentException'],
      [[entry(MIB + 1)], 'ValidationException'],
      [[entry(MIB)], 'InvalidArgumentException'],
      [[entry(1, '')], 'ValidationException'],
      [[entry(1, 'k'.repeat(257))], 'ValidationException'],
      [[{ ...entry(1), ExplicitHashKey: '-1' }], 'ValidationException'],
      [[{ ...entry(1), ExplicitHashKey: (2n ** 128n).toString() }], 'InvalidArgumentException'],
    ]
    for (const [records, error] of refused) expect((await errorOf(putEntries(records))).name).toBe(error)
  })

  test('a refused call stores none of its records', async () => {
    const { client } = await start()
    await createStream(client, 'taxi', 1)
    const Records = [entry(1), entry(1, '')]
    const refused = await errorOf(client.send(new PutRecordsCommand({ StreamName: 'taxi', Records })))
    expect(refused.message).toContain("Value '' at 'records.2.member.partitionKey'")
    expect(textsOf(await get(client, await iterator(client, { StreamName: 'taxi' })))).toEqual([])
  })

  test('a missing stream is a ResourceNotFoundException', async () => {
    const { client } = await start()
    expect(await errorOf(put(client, 'nowhere', ['x']))).toEqual({
      name: 'ResourceNotFoundException',
      message: 'Stream nowhere under account 000000000000 not found.',
    })
  })
})
