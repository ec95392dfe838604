import type { PickupCount, TripDuration } from '../../../../examples/taxi/documents.js'
import { geohash } from '../../../../examples/taxi/geo/index.js'
import type { ReportInput } from '../../../../examples/taxi/report/index.js'

/** Midnight at the start of Tuesday, 15 January 2013. */
export const midnight = Date.UTC(2013, 0, 15)
export const hour = 3_600_000

/** `cellsPerHour` distinct cells in each of 24 hours, hottest in Midtown, with counts that fall off from there. */
export function syntheticDay(cellsPerHour: number, hours = 24): ReportInput {
  const random = randomFrom(7)
  const pickupCounts: PickupCount[] = []
  const tripDurations: TripDuration[] = []
  for (let at = 0; at < hours; at++) {
    const timestamp = midnight + (at + 1) * hour
    const counts = new Map<string, number>()
    while (counts.size < cellsPerHour) {
      // An island that leans 29 degrees to the east, and one trip in six anywhere.
      const along = (random() + random() - 1) * 0.09
      const across = (random() + random() - 1) * 0.018
      const isAway = random() < 1 / 6
      const latitude = isAway ? 40.6 + random() * 0.25 : 40.76 + along * 0.87 - across * 0.48
      const longitude = isAway ? -74.02 + random() * 0.26 : -73.975 + along * 0.64 + across * 1.15
      const cell = geohash(latitude, longitude, 7)
      counts.set(cell, (counts.get(cell) ?? 0) + 1 + Math.floor(40 * random() ** 8))
    }
    for (const [location, pickup_count] of counts) pickupCounts.push({ location, pickup_count, timestamp })
    for (const airport_code of ['JFK', 'LGA'] as const) {
      const sum_trip_duration = 300 + Math.floor(random() * 400)
      tripDurations.push({
        location: 'dr5ru7',
        airport_code,
        sum_trip_duration,
        avg_trip_duration: sum_trip_duration / 12,
        timestamp,
      })
    }
  }
  return {
    pickupCounts,
    tripDurations,
    run: { source: 'a made-up day', events: 400_000, late: 3, unreadable: 12, checkpoints: 9, watermarks: 'markers' },
  }
}

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
