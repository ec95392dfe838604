import { createHash } from 'node:crypto'
import {
  type _Record,
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis'
import { expect } from 'vitest'
import { decodeTaxiEvent, type TaxiEvent, type TripEvent } from '../../../../examples/taxi/events/index.js'
import { referenceDecode } from '../../../connectors/kinesis/aggregate-reference.js'

export const START = Date.UTC(2016, 0, 15)

export function tripAt(dropoffTime: number, tripId: number | string | undefined): TripEvent {
  return {
    type: 'trip',
    tripId,
    pickupLatitude: 40.75,
    pickupLongitude: -73.99,
    dropoffLatitude: 40.76,
    dropoffLongitude: -73.98,
    totalAmount: 9.5,
    pickupTime: START,
    dropoffTime,
  }
}

/** Two trips at each time. */
export function pairsOfTrips(count: number, stepMs: number): readonly TripEvent[] {
  return Array.from({ length: count }, (_, index) => tripAt(START + Math.floor(index / 2) * stepMs, index))
}

export async function* inBatches(trips: readonly TripEvent[], size = 700): AsyncGenerator<readonly TripEvent[]> {
  for (let start = 0; start < trips.length; start += size) yield trips.slice(start, start + size)
}

export async function createStream(client: KinesisClient, stream: string, shards: number): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shards }))
}

/** All events of each shard, open or closed, in the order of the shard. */
export async function readShards(
  client: KinesisClient,
  stream: string,
): Promise<ReadonlyMap<string, readonly TaxiEvent[]>> {
  const shards = new Map<string, readonly TaxiEvent[]>()
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }))
  for (const shard of Shards) shards.set(shard.ShardId!, await readShard(client, stream, shard))
  return shards
}

async function readShard(client: KinesisClient, stream: string, shard: Shard): Promise<readonly TaxiEvent[]> {
  const events: TaxiEvent[] = []
  const first = await client.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  let iterator = first.ShardIterator
  while (iterator !== undefined) {
    const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator: iterator }))
    if (Records.length === 0) break
    for (const record of Records) for (const data of partsOf(record, shard)) events.push(decodeTaxiEvent(data))
    iterator = NextShardIterator
  }
  return events
}

/** What a reader takes from a record: of an aggregated one what belongs to its shard. */
function partsOf({ Data }: _Record, { HashKeyRange }: Shard): readonly Uint8Array[] {
  const parts = referenceDecode(Data!)
  if (parts === undefined) return [Data!]
  const [first, last] = [BigInt(HashKeyRange!.StartingHashKey!), BigInt(HashKeyRange!.EndingHashKey!)]
  const isInShard = (partitionKey: string): boolean => {
    const hashKey = BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`)
    return first <= hashKey && hashKey <= last
  }
  return parts.filter(({ partitionKey }) => isInShard(partitionKey)).map(({ data }) => data)
}

export const tripsOf = (events: Iterable<TaxiEvent>): readonly TripEvent[] =>
  [...events].filter((event): event is TripEvent => event.type === 'trip')

/**
 * In each shard: markers do not go back (those for two shards that were merged lie in one), and what comes after one has
 * a later drop-off. Gives the last marker of each.
 */
export function expectMarkersToHold(shards: ReadonlyMap<string, readonly TaxiEvent[]>): readonly number[] {
  return [...shards.values()].map((events) => {
    let watermark = Number.NEGATIVE_INFINITY
    for (const event of events) {
      if (event.type === 'trip') expect(event.dropoffTime).toBeGreaterThan(watermark)
      else expect(event.watermark).toBeGreaterThanOrEqual(watermark)
      if (event.type === 'watermark') watermark = event.watermark
    }
    return watermark
  })
}

export function expectTripsOnce(shards: ReadonlyMap<string, readonly TaxiEvent[]>, trips: readonly TripEvent[]): void {
  const ids = tripsOf([...shards.values()].flat()).map((trip) => Number(trip.tripId))
  expect(ids.sort((one, other) => one - other)).toEqual(
    trips.map((trip) => Number(trip.tripId)).sort((one, other) => one - other),
  )
}
