import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { expect } from 'vitest'
import { decodeTaxiEvent, type TaxiEvent, type TripEvent } from '../../../../examples/taxi/events/index.js'

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
  for (const { ShardId } of Shards) shards.set(ShardId!, await readShard(client, stream, ShardId!))
  return shards
}

async function readShard(client: KinesisClient, stream: string, shard: string): Promise<readonly TaxiEvent[]> {
  const events: TaxiEvent[] = []
  const first = await client.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  let iterator = first.ShardIterator
  while (iterator !== undefined) {
    const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator: iterator }))
    if (Records.length === 0) break
    for (const { Data } of Records) events.push(decodeTaxiEvent(Data!))
    iterator = NextShardIterator
  }
  return events
}

export const tripsOf = (events: Iterable<TaxiEvent>): readonly TripEvent[] =>
  [...events].filter((event): event is TripEvent => event.type === 'trip')

/** In each shard: markers advance, and what comes after one has a later drop-off. Gives the last marker of each. */
export function expectMarkersToHold(shards: ReadonlyMap<string, readonly TaxiEvent[]>): readonly number[] {
  return [...shards.values()].map((events) => {
    let watermark = Number.NEGATIVE_INFINITY
    for (const event of events) {
      expect(event.type === 'watermark' ? event.watermark : event.dropoffTime).toBeGreaterThan(watermark)
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
