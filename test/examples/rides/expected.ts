import type { RideEvent } from '../../../examples/rides/event.js'

/*
 * What the job has to say about its events, by code that shares nothing with it: every event of a ride is looked up
 * among all.
 */

export interface Expected {
  /** `ride start end`, sorted. */
  readonly rides: readonly string[]
  /** Rides without an end in time, sorted. */
  readonly long: readonly number[]
  /** Rides that have an end alone, sorted. */
  readonly unmatched: readonly number[]
}

export function expectedRides(events: readonly RideEvent[], longAfterMs: number): Expected {
  const starts = new Map<number, number>()
  const ends = new Map<number, number>()
  for (const { type, ride, at, from, to } of events) {
    const isOutside = [from, to].some(
      ({ latitude, longitude }) =>
        !(latitude >= 40.56 && latitude <= 40.878 && longitude >= -74.054 && longitude <= -73.722),
    )
    if (!isOutside) (type === 'start' ? starts : ends).set(ride, at)
  }
  const both = [...starts].filter(([ride]) => ends.has(ride))
  return {
    rides: both.map(([ride, start]) => `${ride} ${start} ${ends.get(ride)}`).sort(),
    long: [...starts]
      .filter(([ride, start]) => !((ends.get(ride) ?? Number.POSITIVE_INFINITY) <= start + longAfterMs))
      .map(([ride]) => ride)
      .sort(byNumber),
    unmatched: [...ends.keys()].filter((ride) => !starts.has(ride)).sort(byNumber),
  }
}

export const byNumber = (a: number, b: number): number => a - b
