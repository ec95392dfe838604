import { CreateStreamCommand, type KinesisClient, type Shard, UpdateShardCountCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../../core/random.js'
import { evenHashRanges } from '../store/hash-range.js'
import { register, subscribe } from './fan-out.fixture.js'
import { createStream, errorOf, iterator, listShards, manualClock, put, start, texts } from './fixture.js'

const StreamName = 'taxi'
const SEED = 20_261_121

const scale = (client: KinesisClient, TargetShardCount: number | undefined, ScalingType = 'UNIFORM_SCALING') =>
  client.send(
    new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: ScalingType as 'UNIFORM_SCALING' }),
  )

const isOpen = (shard: Shard): boolean => shard.SequenceNumberRange?.EndingSequenceNumber === undefined

function rangesOf(shards: readonly Shard[]): readonly (readonly [bigint, bigint])[] {
  return shards
    .map(
      ({ HashKeyRange }) =>
        [BigInt(HashKeyRange?.StartingHashKey ?? -1), BigInt(HashKeyRange?.EndingHashKey ?? -1)] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('UpdateShardCount', () => {
  test(`makes even shards of any count, each the child of what it was made of (seed ${SEED})`, async () => {
    const random = seededRandom(SEED)
    const { client } = await start()
    await createStream(client, StreamName, 3)
    let current = 3
    for (let step = 0; step < 12; step++) {
      const target = Math.ceil(current / 2) + Math.floor(random.next() * (current * 2 - Math.ceil(current / 2) + 1))
      const result = await scale(client, target)
      expect(result).toMatchObject({ StreamName, CurrentShardCount: current, TargetShardCount: target })
      current = target
      const shards = await listShards(client, StreamName)
      const even = evenHashRanges(target).map(({ start, end }) => [start, end])
      expect(rangesOf(shards.filter(isOpen))).toEqual(even)
      const byId = new Map(shards.map((shard) => [shard.ShardId, shard]))
      for (const shard of shards) {
        const parents = [shard.ParentShardId, shard.AdjacentParentShardId].flatMap((id) => byId.get(id) ?? [])
        for (const parent of parents) {
          expect(isOpen(parent)).toBe(false)
          const [[parentStart, parentEnd] = [0n, 0n]] = rangesOf([parent])
          const [[start, end] = [0n, 0n]] = rangesOf([shard])
          expect(start <= parentEnd && parentStart <= end).toBe(true)
        }
      }
      if (current > 8) {
        await scale(client, Math.ceil(current / 2))
        current = Math.ceil(current / 2)
      }
    }
  })

  test('loses and reorders nothing of a key, read parents first', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 2)
    const expected: string[] = []
    for (const target of [4, 3, 5, 3, 2]) {
      const written = Array.from({ length: 20 }, (_, index) => `${target}/${index}`)
      await put(client, StreamName, written, 'one key')
      expected.push(...written)
      await scale(client, target)
    }
    const read: string[] = []
    for (const { ShardId } of await listShards(client, StreamName)) {
      read.push(...(await texts(client, await iterator(client, { StreamName, ShardId }))))
    }
    expect(read).toEqual(expected)
  })

  test('has the bounds of Kinesis', async () => {
    const { client } = await start({ shardLimit: 6 })
    await createStream(client, StreamName, 4)
    expect(await errorOf(scale(client, 9))).toEqual({
      name: 'InvalidArgumentException',
      message:
        'UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 4 ' +
        'Target shard count: 9',
    })
    expect((await errorOf(scale(client, 1))).message).toContain('cannot scale down below half')
    expect((await errorOf(scale(client, 7))).name).toBe('LimitExceededException')
    expect((await errorOf(scale(client, 0))).name).toBe('ValidationException')
    expect((await errorOf(scale(client, undefined))).name).toBe('ValidationException')
    expect((await errorOf(scale(client, 4, 'SOMEHOW'))).name).toBe('ValidationException')
    const elsewhere = new UpdateShardCountCommand({
      StreamName: 'nowhere',
      TargetShardCount: 1,
      ScalingType: 'UNIFORM_SCALING',
    })
    expect((await errorOf(client.send(elsewhere))).name).toBe('ResourceNotFoundException')
    expect((await listShards(client, StreamName)).filter(isOpen)).toHaveLength(4)
  })

  test('ends the subscriptions of the shards that it closes', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    const subscription = await subscribe(client, { consumer: await register(client) })
    await scale(client, 2)
    expect(await subscription.ending).toBe('ended')
    expect(subscription.events.at(-1)?.ChildShards).toHaveLength(2)
  })
})

describe('an on-demand stream', () => {
  async function onDemand(options: { readonly shardLimit?: number } = {}) {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment, onDemandWindowMs: 10_000, ...options })
    const StreamModeDetails = { StreamMode: 'ON_DEMAND' } as const
    await client.send(new CreateStreamCommand({ StreamName, StreamModeDetails }))
    /** So many records of one key in each of so many seconds. */
    const write = async (records: number, seconds: number, key: string): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        for (let left = records; left > 0; left -= 500) {
          await put(
            client,
            StreamName,
            Array.from({ length: Math.min(left, 500) }, () => 'x'),
            key,
          )
        }
        clock.nowMs += 1000
      }
    }
    const open = async (): Promise<number> => (await listShards(client, StreamName)).filter(isOpen).length
    return { write, open }
  }

  test('begins with four shards, and splits one that takes more than its share for a while', async () => {
    const { write, open } = await onDemand()
    expect(await open()).toBe(4)
    await write(600, 10, 'hot')
    expect(await open()).toBe(4)
    await write(600, 1, 'hot')
    expect(await open()).toBe(5)
    await write(600, 11, 'hot')
    expect(await open()).toBe(6)
  })

  test('does not grow for a burst, for what fits, or beyond the limit of shards', async () => {
    const calm = await onDemand()
    await calm.write(2000, 1, 'burst')
    await calm.write(1, 20, 'burst')
    await calm.write(400, 21, 'steady')
    expect(await calm.open()).toBe(4)
    const full = await onDemand({ shardLimit: 4 })
    await full.write(600, 21, 'hot')
    expect(await full.open()).toBe(4)
  })
})
