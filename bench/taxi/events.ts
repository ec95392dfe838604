import { encodeTaxiEvent } from '../../examples/taxi/events/index.js'
import { generateTrips, orderByDropoff } from '../../examples/taxi/trips/index.js'

const MARKER_EVERY_MS = 60_000

/** A day of taxi events as they lie in a stream, made from a seed: encoded, ordered, a marker a minute of event time. */
export interface TaxiBytes {
  readonly records: readonly Buffer[]
  /** The same records dealt out to two shards, markers to both. */
  readonly twoShards: readonly (readonly Buffer[])[]
  readonly trips: number
  readonly bytes: number
}

export async function taxiBytes(trips: number): Promise<TaxiBytes> {
  const records: Buffer[] = []
  const twoShards: [Buffer[], Buffer[]] = [[], []]
  let bytes = 0
  let tripCount = 0
  let nextMarker = Number.NEGATIVE_INFINITY
  const add = (event: Parameters<typeof encodeTaxiEvent>[0]): Buffer => {
    const record = Buffer.from(encodeTaxiEvent(event))
    bytes += record.length
    records.push(record)
    return record
  }
  for await (const batch of orderByDropoff(generateTrips({ trips })).trips) {
    for (const trip of batch) {
      if (trip.dropoffTime >= nextMarker) {
        const marker = add({ type: 'watermark', watermark: trip.dropoffTime - 1 })
        for (const shard of twoShards) shard.push(marker)
        nextMarker = trip.dropoffTime + MARKER_EVERY_MS
      }
      twoShards[tripCount++ % 2]?.push(add(trip))
    }
  }
  return { records, twoShards, trips: tripCount, bytes }
}
