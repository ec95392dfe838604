import type { PickupCount, TripDuration } from '../../examples/taxi/documents.js'

export interface TaxiResults {
  readonly pickups: PickupCount[]
  readonly durations: TripDuration[]
}

/** What differs first, undefined when both hold the same rows, in whatever order. */
export function difference(found: TaxiResults, expected: TaxiResults): string | undefined {
  return (
    rowDifference('pickup_count', found.pickups.map(pickupText), expected.pickups.map(pickupText)) ??
    rowDifference('trip_duration', found.durations.map(durationText), expected.durations.map(durationText))
  )
}

function rowDifference(name: string, found: string[], expected: string[]): string | undefined {
  if (found.length !== expected.length) return `${name}: ${found.length} rows, expected ${expected.length}`
  found.sort()
  expected.sort()
  const at = found.findIndex((row, index) => row !== expected[index])
  return at < 0 ? undefined : `${name}: ${found[at]}, expected ${expected[at]}`
}

const pickupText = (row: PickupCount): string => `${row.timestamp} ${row.location} ${row.pickup_count}`

const durationText = (row: TripDuration): string =>
  `${row.timestamp} ${row.location} ${row.airport_code} ${row.sum_trip_duration} ${row.avg_trip_duration}`
