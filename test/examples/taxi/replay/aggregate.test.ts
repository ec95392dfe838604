import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, it } from 'vitest'
import type { TripEvent } from '../../../../examples/taxi/events/index.js'
import { referenceDecode } from '../../../connectors/kinesis/aggregate-reference.js'
import { expectMarkersToHold, expectTripsOnce, inBatches, pairsOfTrips } from './fixture.js'
import { setUp } from './set-up.js'

const MIDDLE = (2n ** 127n).toString()
const shard = (number: number): string => `shardId-00000000000${number}`

/** Does something between two batches, when what came before may be anywhere. */
async function* interrupted(
  trips: readonly TripEvent[],
  steps: readonly (() => Promise<unknown>)[],
): AsyncGenerator<readonly TripEvent[]> {
  const size = Math.ceil(trips.length / (steps.length + 1))
  for (let step = 0; step <= steps.length; step++) {
    yield trips.slice(step * size, (step + 1) * size)
    await steps[step]?.()
  }
}

describe('an aggregating replay', () => {
  it('puts few records with many trips each, all in their shards, and lets no marker pass a trip', async () => {
    const { run, shards, reader } = await setUp(3)
    const trips = pairsOfTrips(9000, 1000)
    const progress = await run({ trips: inBatches(trips), aggregate: true, tripsPerMarker: 1000 })
    const found = await shards()
    expectTripsOnce(found, trips)
    expect(new Set(expectMarkersToHold(found))).toEqual(new Set([trips.at(-1)!.dropoffTime]))
    expect(progress).toMatchObject({ acknowledged: 9000, strayed: 0, retried: 0 })
    const { ShardIterator } = await reader.send(
      new GetShardIteratorCommand({ StreamName: 'taxi', ShardId: shard(0), ShardIteratorType: 'TRIM_HORIZON' }),
    )
    const { Records = [] } = await reader.send(new GetRecordsCommand({ ShardIterator }))
    const packed = Records.flatMap(({ Data }) => referenceDecode(Data!)?.length ?? [])
    expect(Math.max(...packed)).toBeGreaterThan(150)
    for (const { Data } of Records) expect(Data!.byteLength).toBeLessThanOrEqual(51_200)
  })

  it('puts again what a split or a merge has left where no reader takes it', async () => {
    const { run, shards, reader } = await setUp(1)
    const trips = pairsOfTrips(8000, 1000)
    const split = (ShardToSplit: string) => () =>
      reader.send(new SplitShardCommand({ StreamName: 'taxi', ShardToSplit, NewStartingHashKey: MIDDLE }))
    const merge = (ShardToMerge: string, AdjacentShardToMerge: string) => () =>
      reader.send(new MergeShardsCommand({ StreamName: 'taxi', ShardToMerge, AdjacentShardToMerge }))
    const steps = [split(shard(0)), merge(shard(1), shard(2)), split(shard(3))]
    const progress = await run({ trips: interrupted(trips, steps), aggregate: true, tripsPerMarker: 500 })
    const found = await shards()
    expect(found.size).toBe(6)
    expect(progress.strayed).toBeGreaterThan(100)
    expect(progress).toMatchObject({ acknowledged: 8000, uncertain: 0 })
    expectTripsOnce(found, trips)
    expectMarkersToHold(found)
  })

  it('puts again what is throttled or fails, in aggregates too', async () => {
    const { run, shards, server } = await setUp(2, {
      faults: [{ fault: { kind: 'throttle' }, nth: [4, 9, 14] }, { fault: { kind: 'failedRecords', rate: 0.1 } }],
    })
    const trips = pairsOfTrips(8000, 1000)
    const progress = await run({ trips: inBatches(trips), aggregate: true, tripsPerMarker: 500 })
    const found = await shards()
    expectTripsOnce(found, trips)
    expectMarkersToHold(found)
    expect(server.faults.injected().throttle).toBe(3)
    expect(progress.retried).toBeGreaterThan(0)
  })
})
