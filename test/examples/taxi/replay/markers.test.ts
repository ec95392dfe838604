import { MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, it } from 'vitest'
import { noCounts } from '../../../../examples/taxi/replay/flight.js'
import { Markers, markerTime } from '../../../../examples/taxi/replay/markers.js'
import { Shards } from '../../../../examples/taxi/replay/shards.js'
import { setUp } from './set-up.js'

async function markersOf(shardCount: number) {
  const { client, reader, time, shards: read } = await setUp(shardCount)
  const { environment } = time
  const { signal } = new AbortController()
  const context = { client, stream: 'taxi', environment, signal, giveUpMs: 60_000, counts: noCounts() }
  const shards = new Shards(context)
  const markers = new Markers(context, { shards, sent: Number.NEGATIVE_INFINITY })
  const found = async (): Promise<readonly (readonly number[])[]> =>
    [...(await read()).values()].map((events) => events.flatMap((e) => (e.type === 'watermark' ? [e.watermark] : [])))
  return { markers, reader, found }
}

describe('a marker', () => {
  it('reaches both halves of a shard that was split since shards were listed', async () => {
    const { markers, reader, found } = await markersOf(2)
    await markers.send(1)
    const NewStartingHashKey = (2n ** 126n).toString()
    await reader.send(
      new SplitShardCommand({ StreamName: 'taxi', ShardToSplit: 'shardId-000000000000', NewStartingHashKey }),
    )
    await markers.send(2)
    const [parent, other, lower, upper] = await found()
    expect(parent).toEqual([1])
    expect(other).toEqual([1, 2])
    expect([lower, upper]).toEqual([[2], [2]])
    expect(markers.rounds).toBe(2)
  })

  it('reaches the shard that two were merged into', async () => {
    const { markers, reader, found } = await markersOf(2)
    await markers.send(1)
    const [ShardToMerge, AdjacentShardToMerge] = ['shardId-000000000000', 'shardId-000000000001']
    await reader.send(new MergeShardsCommand({ StreamName: 'taxi', ShardToMerge, AdjacentShardToMerge }))
    await markers.send(2)
    await markers.send(3)
    // Once for each of the two, as they were known; then the list is new.
    expect(await found()).toEqual([[1], [1], [2, 2, 3]])
  })

  it('does not go back, and says nothing twice', async () => {
    const { markers, found } = await markersOf(1)
    for (const watermark of [5, 5, 3, 6]) await markers.send(watermark)
    await markers.sendLast(6)
    expect(await found()).toEqual([[5, 6]])
  })
})

describe('its time', () => {
  it('is a millisecond before what is not acknowledged or yet to come', () => {
    expect(markerTime({ oldestUnacknowledged: 10, nextToSend: 20 })).toBe(9)
    expect(markerTime({ oldestUnacknowledged: Number.POSITIVE_INFINITY, nextToSend: 20 })).toBe(19)
  })
})
