import { hashKeyOfRecord } from 'tidemark/kinesis'
import { encodeTaxiEvent, type TripEvent } from '../events/index.js'
import { MAX_RECORDS } from './flight.js'
import type { Outgoing } from './outgoing.js'
import { Packer } from './packer.js'
import type { Shards } from './shards.js'

/** Limits of one PutRecords call; partition keys count as bytes too. */
const MAX_BYTES = 5 * 1024 * 1024
const MAX_PARTITION_KEY = 256
/** Of aggregated records, some five in a call: about twice as many trips as a call of plain records has. */
const MAX_PACKED_BYTES = 320 * 1024

/** The trips of the next PutRecords call. */
export class Batch {
  private readonly packer: Packer | undefined
  private readonly maxBytes: number
  private outgoing: Outgoing[] = []
  private bytes = 0
  private added = 0
  /** Event time of its oldest trip, Infinity while it is empty. */
  oldest = Number.POSITIVE_INFINITY

  /** @param packInto the shards for which trips are aggregated; undefined: each is a record of its own */
  constructor(packInto: Shards | undefined) {
    this.packer = packInto && new Packer(packInto)
    this.maxBytes = packInto === undefined ? MAX_BYTES : MAX_PACKED_BYTES
  }

  get isEmpty(): boolean {
    return this.oldest === Number.POSITIVE_INFINITY
  }

  /** Whether any other trip might not fit. */
  get isFull(): boolean {
    const records = this.outgoing.length + (this.packer?.openRecords ?? 0)
    return records >= MAX_RECORDS || this.bytes > this.maxBytes - 64 * 1024
  }

  add(trip: TripEvent): void {
    const Data = encodeTaxiEvent(trip)
    const PartitionKey = this.partitionKey(trip)
    const plain = { entry: { Data, PartitionKey }, time: trip.dropoffTime }
    this.bytes += Data.byteLength + PartitionKey.length * 4
    if (trip.dropoffTime < this.oldest) this.oldest = trip.dropoffTime
    if (this.packer === undefined) this.outgoing.push(plain)
    else {
      // Only an explicit hash key may be none.
      const hashKey = hashKeyOfRecord({ partitionKey: PartitionKey }) ?? ''
      const full = this.packer.add({ hashKey, plain })
      if (full !== undefined) this.outgoing.push(full)
    }
  }

  /** Hands its trips over and is empty again. */
  take(): readonly Outgoing[] {
    const outgoing = [...this.outgoing, ...(this.packer?.takeAll() ?? [])]
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
