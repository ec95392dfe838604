import type { TripEvent } from '../events/index.js'

export const ORDERING_CAPACITY = 1_000_000

const BATCH_SIZE = 1000

export interface OrderOptions {
  /** How many trips are held back at most. Default 1,000,000. */
  readonly capacity?: number
}

/** Trips by drop-off time, with what is known about their order so far. */
export interface OrderedTrips {
  readonly trips: AsyncIterable<readonly TripEvent[]>
  /** Trips that came when one with a later drop-off had already gone; they were passed on at once. */
  readonly outOfOrder: number
}

/**
 * Puts trips into the order of their drop-off, those with the same time as they came. It holds the newest `capacity`
 * trips: what is displaced by less than that is put right, what comes later than that goes out at once and is counted.
 */
export function orderByDropoff(
  batches: AsyncIterable<readonly TripEvent[]>,
  { capacity = ORDERING_CAPACITY }: OrderOptions = {},
): OrderedTrips {
  const counts = { outOfOrder: 0 }
  const trips = order(batches, capacity, counts)
  return {
    trips,
    get outOfOrder() {
      return counts.outOfOrder
    },
  }
}

async function* order(
  batches: AsyncIterable<readonly TripEvent[]>,
  capacity: number,
  counts: { outOfOrder: number },
): AsyncGenerator<readonly TripEvent[]> {
  const heap = new TripHeap()
  let latest = Number.NEGATIVE_INFINITY
  const take = (): TripEvent => {
    const trip = heap.pop()
    if (trip.dropoffTime < latest) counts.outOfOrder++
    else latest = trip.dropoffTime
    return trip
  }
  for await (const batch of batches) {
    const ordered: TripEvent[] = []
    for (const trip of batch) {
      heap.push(trip)
      if (heap.size > capacity) ordered.push(take())
    }
    if (ordered.length > 0) yield ordered
  }
  while (heap.size > 0) yield Array.from({ length: Math.min(BATCH_SIZE, heap.size) }, take)
}

interface Entry {
  readonly trip: TripEvent
  readonly time: number
  /** Position in the input: the order of equal times. */
  readonly position: number
}

const comesBefore = (one: Entry, other: Entry): boolean =>
  one.time < other.time || (one.time === other.time && one.position < other.position)

/** A binary heap with the earliest drop-off at its root. */
class TripHeap {
  private readonly entries: Entry[] = []
  private pushed = 0

  get size(): number {
    return this.entries.length
  }

  push(trip: TripEvent): void {
    const entry = { trip, time: trip.dropoffTime, position: this.pushed++ }
    let index = this.entries.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (!comesBefore(entry, this.at(parent))) break
      this.entries[index] = this.at(parent)
      index = parent
    }
    this.entries[index] = entry
  }

  /** The heap must not be empty. */
  pop(): TripEvent {
    const root = this.at(0)
    const last = this.entries.pop() as Entry // there is one: the root
    if (this.entries.length > 0) this.sink(last)
    return root.trip
  }

  private sink(entry: Entry): void {
    const { length } = this.entries
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= length) break
      if (child + 1 < length && comesBefore(this.at(child + 1), this.at(child))) child++
      if (!comesBefore(this.at(child), entry)) break
      this.entries[index] = this.at(child)
      index = child
    }
    this.entries[index] = entry
  }

  private at(index: number): Entry {
    return this.entries[index] as Entry // every index here is below the length
  }
}
