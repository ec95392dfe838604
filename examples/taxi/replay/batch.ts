import { encodeTaxiEvent, type TripEvent } from '../events/index.js'
import type { Outgoing } from './flight.js'

/** Limits of one PutRecords call; partition keys count as bytes too. */
const MAX_RECORDS = 500
const MAX_BYTES = 5 * 1024 * 1024
const MAX_PARTITION_KEY = 256

/** The trips of the next PutRecords call. */
export class Batch {
  private outgoing: Outgoing[] = []
  private bytes = 0
  private added = 0
  /** Event time of its oldest trip, Infinity while it is empty. */
  oldest = Number.POSITIVE_INFINITY

  get isEmpty(): boolean {
    return this.outgoing.length === 0
  }

  /** Whether any other trip might not fit. */
  get isFull(): boolean {
    return this.outgoing.length >= MAX_RECORDS || this.bytes > MAX_BYTES - 64 * 1024
  }

  add(trip: TripEvent): void {
    const Data = encodeTaxiEvent(trip)
    const PartitionKey = this.partitionKey(trip)
    this.outgoing.push({ entry: { Data, PartitionKey }, time: trip.dropoffTime })
    this.bytes += Data.byteLength + PartitionKey.length * 4
    if (trip.dropoffTime < this.oldest) this.oldest = trip.dropoffTime
  }

  /** Hands its trips over and is empty again. */
  take(): readonly Outgoing[] {
    const { outgoing } = this
    this.outgoing = []
    this.bytes = 0
    this.oldest = Number.POSITIVE_INFINITY
    return outgoing
  }

  /** The trip's id, which spreads trips evenly over the shards; a running number where there is none. */
  private partitionKey(trip: TripEvent): string {
    this.added++
    return String(trip.tripId ?? '').slice(0, MAX_PARTITION_KEY) || String(this.added)
  }
}
