import { once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  type KinesisClient,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { seededRandom } from '../../../../core/random.js'
import { localKinesisClient } from '../client.js'
import { type LocalKinesis, startLocalKinesis } from '../index.js'
import { errorOf, get, iterator, listShards, textsOf } from './fixture.js'

// kinesalite has no types and is CommonJS.
const kinesalite: (options: { createStreamMs: number; updateStreamMs: number; shardLimit: number }) => Server =
  createRequire(import.meta.url)('kinesalite')

const SEED = 20_260_105
const StreamName = 'taxi'
const SHARDS = 5

let reference: Server
let ours: LocalKinesis
let both: readonly KinesisClient[] = []

beforeAll(async () => {
  reference = kinesalite({ createStreamMs: 0, updateStreamMs: 0, shardLimit: 100 })
  reference.listen(0, '127.0.0.1')
  await once(reference, 'listening')
  ours = await startLocalKinesis()
  both = [ours.url, `http://127.0.0.1:${(reference.address() as AddressInfo).port}`].map(localKinesisClient)
})

afterAll(async () => {
  for (const client of both) client.destroy()
  await ours.close()
  await new Promise((resolve) => reference.close(resolve))
})

async function createEverywhere(name: string, shardCount: number): Promise<void> {
  for (const client of both) {
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shardCount }))
    await active(client, name)
  }
}

async function active(client: KinesisClient, name: string): Promise<void> {
  const { StreamDescription } = await vi.waitFor(async () => {
    const described = await client.send(new DescribeStreamCommand({ StreamName: name }))
    expect(described.StreamDescription?.StreamStatus).toBe('ACTIVE')
    return described
  })
  expect(StreamDescription?.StreamName).toBe(name)
}

/** The same of both servers, for comparing. */
async function fromBoth<T>(ask: (client: KinesisClient) => Promise<T>): Promise<readonly [T, T]> {
  const [mine, theirs] = both
  return [await ask(mine!), await ask(theirs!)]
}

function randomEntries(seed: number, count: number): PutRecordsRequestEntry[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const PartitionKey = `\u00fcber-${Math.floor(random.next() * 1e9).toString(36)}`
    const hash = BigInt(Math.floor(random.next() * 2 ** 52)) << 76n
    const explicit = random.next() < 0.2 ? { ExplicitHashKey: hash.toString() } : {}
    return { Data: Buffer.from(`${seed}/${index}`), PartitionKey, ...explicit }
  })
}

describe(`beside kinesalite (seed ${SEED})`, () => {
  test('shards, routing, order and iterators by number agree', async () => {
    await createEverywhere(StreamName, SHARDS)
    const [myShards, theirShards] = await fromBoth(async (client) =>
      (await listShards(client, StreamName)).map((shard) => [shard.ShardId, shard.HashKeyRange]),
    )
    expect(myShards).toHaveLength(SHARDS)
    expect(myShards).toEqual(theirShards)

    for (let batch = 0; batch < 4; batch++) {
      const Records = randomEntries(SEED + batch, 250)
      const [mine, theirs] = await fromBoth(async (client) => {
        const result = await client.send(new PutRecordsCommand({ StreamName, Records }))
        expect(result.FailedRecordCount).toBe(0)
        return result.Records?.map((record) => record.ShardId)
      })
      expect(mine).toEqual(theirs)
    }

    for (let index = 0; index < SHARDS; index++) {
      const ShardId = `shardId-00000000000${index}`
      const [mine, theirs] = await fromBoth(async (client) => {
        const all = await get(client, await iterator(client, { StreamName, ShardId }))
        const numbers = (all.Records ?? []).map((record) => BigInt(record.SequenceNumber ?? 0))
        expect(numbers.length).toBeGreaterThan(100)
        expect(numbers.every((number, i) => i === 0 || number > numbers[i - 1]!)).toBe(true)
        const reads: (readonly string[])[] = [textsOf(all)]
        for (const at of [0, 1, 50, numbers.length - 1]) {
          for (const ShardIteratorType of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const) {
            const StartingSequenceNumber = numbers[at]?.toString()
            const from = await iterator(client, { StreamName, ShardId, ShardIteratorType, StartingSequenceNumber })
            reads.push(textsOf(await get(client, from, 60)))
          }
        }
        return reads
      })
      expect(mine).toEqual(theirs)
    }
  })

  test('a LATEST iterator sees what is put after it', async () => {
    await createEverywhere('latest', 1)
    const seen = await fromBoth(async (client) => {
      const StreamName = 'latest'
      const put = (text: string): Promise<unknown> =>
        client.send(new PutRecordCommand({ StreamName, PartitionKey: text, Data: Buffer.from(text) }))
      await put('before')
      const from = await iterator(client, { StreamName, ShardIteratorType: 'LATEST' })
      await put('after')
      return textsOf(await get(client, from))
    })
    expect(seen).toEqual([['after'], ['after']])
  })

  test('splits and merges leave the same shards', async () => {
    await createEverywhere('resharded', 2)
    const [mine, theirs] = await fromBoth(async (client) => {
      const StreamName = 'resharded'
      const quarter = (2n ** 126n).toString()
      const ShardToSplit = 'shardId-000000000000'
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: quarter }))
      await active(client, StreamName)
      const merge = { ShardToMerge: 'shardId-000000000003', AdjacentShardToMerge: 'shardId-000000000001' }
      await client.send(new MergeShardsCommand({ StreamName, ...merge }))
      await active(client, StreamName)
      return (await listShards(client, StreamName)).map((shard) => ({
        id: shard.ShardId,
        range: shard.HashKeyRange,
        parents: [shard.ParentShardId, shard.AdjacentParentShardId],
        isOpen: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
      }))
    })
    expect(mine).toHaveLength(5)
    expect(mine).toEqual(theirs)
  })

  test('wrong calls fail with the same errors', async () => {
    await createEverywhere('errors', 2)
    const entry = { Data: Buffer.from('x'), PartitionKey: 'k' }
    const putting =
      (Records: PutRecordsRequestEntry[], name = 'errors') =>
      (client: KinesisClient): Promise<unknown> =>
        client.send(new PutRecordsCommand({ StreamName: name, Records }))
    const iterating =
      (input: object) =>
      (client: KinesisClient): Promise<unknown> =>
        iterator(client, { StreamName: 'errors', ...input })
    const wrong: readonly ((client: KinesisClient) => Promise<unknown>)[] = [
      (client) => client.send(new CreateStreamCommand({ StreamName: 'errors', ShardCount: 1 })),
      (client) => client.send(new CreateStreamCommand({ StreamName: 'no good', ShardCount: 1 })),
      (client) => client.send(new CreateStreamCommand({ StreamName: 'big', ShardCount: 100_001 })),
      (client) => client.send(new DescribeStreamCommand({ StreamName: 'nowhere' })),
      (client) => get(client, 'garbage'),
      (client) => get(client, 'garbage', 10_001),
      putting([entry], 'nowhere'),
      putting(Array.from({ length: 501 }, () => entry)),
      putting([{ ...entry, PartitionKey: '' }]),
      putting([{ ...entry, PartitionKey: 'k'.repeat(257) }]),
      putting([{ ...entry, Data: Buffer.alloc(1024 * 1024 + 1) }]),
      putting([{ ...entry, ExplicitHashKey: 'ten' }]),
      putting([{ ...entry, ExplicitHashKey: (2n ** 128n).toString() }]),
      iterating({ StreamName: 'nowhere' }),
      iterating({ ShardId: 'shardId-000000000009' }),
      iterating({ ShardIteratorType: 'SOMEWHERE' }),
      iterating({ ShardIteratorType: 'LATEST', StartingSequenceNumber: '1' }),
      iterating({ ShardIteratorType: 'AT_SEQUENCE_NUMBER' }),
      iterating({ ShardIteratorType: 'AT_TIMESTAMP' }),
      iterating({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(Date.UTC(2999, 0)) }),
    ]
    for (const [index, call] of wrong.entries()) {
      const [mine, theirs] = await fromBoth(async (client) => (await errorOf(call(client))).name)
      expect([index, mine]).toEqual([index, theirs])
      expect(mine).toMatch(/Exception$/)
    }
  })
})
