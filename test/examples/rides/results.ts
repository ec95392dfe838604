import type { RideEvent } from '../../../examples/rides/event.js'
import type { LongRide, Ride, Withdrawn } from '../../../examples/rides/job.js'
import { byNumber, type Expected } from './expected.js'

export interface Results {
  readonly rides: readonly Ride[]
  readonly long: readonly LongRide[]
  readonly withdrawn: readonly Withdrawn[]
  readonly unmatched: readonly RideEvent[]
}

/**
 * What is the same however fast the watermark was: a report that was wrong, because an end came late, is withdrawn, so
 * those that remain are the truth.
 */
export function settled({ rides, long, withdrawn, unmatched }: Results): Expected {
  const reports = new Map<number, number>()
  const count = (ride: number, change: number) => reports.set(ride, (reports.get(ride) ?? 0) + change)
  for (const { ride } of long) count(ride, 1)
  for (const { ride } of withdrawn) count(ride, -1)
  return {
    rides: rides.map(({ ride, start, end }) => `${ride} ${start} ${end}`).sort(),
    // A report twice, or one withdrawn that never was, shows as a ride twice or less.
    long: [...reports].flatMap(([ride, left]) => (left === 0 ? [] : left === 1 ? [ride] : [-ride])).sort(byNumber),
    unmatched: unmatched.map(({ ride }) => ride).sort(byNumber),
  }
}
