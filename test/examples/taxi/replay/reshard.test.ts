import { ListShardsCommand, type Shard } from '@aws-sdk/client-kinesis'
import { describe, expect, it } from 'vitest'
import { registerConsumer } from '../../../../examples/taxi/replay/consumer.js'
import { reshard } from '../../../../examples/taxi/replay/index.js'
import { setUp } from './set-up.js'

type SetUp = Awaited<ReturnType<typeof setUp>>

async function shardsOf({ reader }: SetUp): Promise<readonly Shard[]> {
  const { Shards = [] } = await reader.send(new ListShardsCommand({ StreamName: 'taxi' }))
  return Shards
}

const resharded = ({ time, client }: SetUp, options: { times: number; seed?: number; maxShards?: number }) =>
  time.run(reshard({ client, stream: 'taxi', environment: time.environment, ...options }))

describe('random resharding', () => {
  it('is as often as asked for, and leaves between one shard and the most that is allowed', async () => {
    const stream = await setUp(2)
    const { splits, merges } = await resharded(stream, { times: 40, maxShards: 3 })
    expect(splits + merges).toBe(40)
    expect(Math.min(splits, merges)).toBeGreaterThan(10)
    const shards = await shardsOf(stream)
    expect(shards).toHaveLength(2 + 2 * splits + merges)
    const open = shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
    expect(open).toHaveLength(2 + splits - merges)
    expect(open.length).toBeLessThanOrEqual(3)
  })

  it('is the same for the same seed', async () => {
    const rangesOf = async (seed: number) => {
      const stream = await setUp(3)
      await resharded(stream, { times: 12, seed })
      return (await shardsOf(stream)).map(({ HashKeyRange }) => HashKeyRange?.StartingHashKey)
    }
    expect(await rangesOf(5)).toEqual(await rangesOf(5))
    expect(await rangesOf(5)).not.toEqual(await rangesOf(6))
  })

  it('tries again what is throttled, and what happened though its answer was lost counts as none', async () => {
    const stream = await setUp(2, {
      faults: [
        { operation: 'SplitShard', fault: { kind: 'throttle' }, nth: 1 },
        { operation: 'MergeShards', fault: { kind: 'replyLost' }, nth: 1 },
        { operation: 'ListShards', fault: { kind: 'unavailable' }, nth: 3 },
      ],
    })
    const { splits, merges } = await resharded(stream, { times: 10 })
    expect(splits + merges).toBe(10)
    expect(await shardsOf(stream)).toHaveLength(2 + 2 * splits + merges + 1)
  })

  it('says what is refused, and gives up after a minute', async () => {
    const refused = resharded(
      await setUp(1, { faults: [{ operation: 'SplitShard', fault: { kind: 'accessDenied' } }] }),
      {
        times: 1,
      },
    )
    await expect(refused).rejects.toThrow(/^resharding stream 'taxi': AccessDeniedException: /)
    const away = await setUp(1, { faults: [{ operation: 'ListShards', fault: { kind: 'unavailable' } }] })
    await expect(resharded(away, { times: 1 })).rejects.toMatchObject({ code: 'KINESIS_UNREACHABLE' })
    expect(away.time.now()).toBeGreaterThanOrEqual(60_000)
  })
})

describe('registering the consumer', () => {
  it('leaves one that is there, and says what is refused', async () => {
    const { client } = await setUp(1)
    expect(await registerConsumer(client, 'taxi', 'taxi-hotspots')).toBe(true)
    expect(await registerConsumer(client, 'taxi', 'taxi-hotspots')).toBe(false)
    await expect(registerConsumer(client, 'other', 'taxi-hotspots')).rejects.toMatchObject({ code: 'KINESIS_REFUSED' })
  })
})
