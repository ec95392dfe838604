import type { TripEvent } from '../events/index.js'

/** Trips from a drop-off time on, with the count of those that are left out. */
export interface SoughtTrips {
  readonly trips: AsyncIterable<readonly TripEvent[]>
  readonly before: number
}

export function tripsFrom(batches: AsyncIterable<readonly TripEvent[]>, time: number): SoughtTrips {
  const counts = { before: 0 }
  return {
    trips: seek(batches, { time, counts }),
    get before() {
      return counts.before
    },
  }
}

async function* seek(
  batches: AsyncIterable<readonly TripEvent[]>,
  { time, counts }: { readonly time: number; readonly counts: { before: number } },
): AsyncGenerator<readonly TripEvent[]> {
  for await (const batch of batches) {
    const left = batch.filter(({ dropoffTime }) => dropoffTime >= time)
    counts.before += batch.length - left.length
    if (left.length > 0) yield left
  }
}
