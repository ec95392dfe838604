/** A row of `pickup_count`: how many trips began in a cell within an hour. */
export interface PickupCount {
  /** Geohash of the pickup, 7 characters. */
  readonly location: string
  readonly pickup_count: number
  /** End of the hour, epoch milliseconds. */
  readonly timestamp: number
}

/** A row of `trip_duration`: how long trips from a cell to an airport took within an hour. */
export interface TripDuration {
  /** Geohash of the pickup, 6 characters. */
  readonly location: string
  readonly airport_code: 'JFK' | 'LGA'
  /** Whole minutes. */
  readonly sum_trip_duration: number
  readonly avg_trip_duration: number
  /** End of the hour, epoch milliseconds. */
  readonly timestamp: number
}

/** A row of `busy_area`: where the last thousand pickups lie dense. */
export interface BusyArea {
  /** As OpenSearch has a box: its upper left and its lower right corner, each with the longitude first. */
  readonly area: { readonly type: 'envelope'; readonly coordinates: readonly [Corner, Corner] }
  readonly pickups: number
  readonly pickups_per_km2: number
  /** From 1 on, the one with most pickups first. */
  readonly rank: number
  /** End of the ten minutes, epoch milliseconds. */
  readonly timestamp: number
}

type Corner = readonly [longitude: number, latitude: number]

/** The same window gives the same id, however often it is written. */
export const pickupCountId = (row: PickupCount): string => `${row.location}@${row.timestamp}`

export const tripDurationId = (row: TripDuration): string => `${row.location}-${row.airport_code}@${row.timestamp}`

export const busyAreaId = (row: BusyArea): string => `${row.timestamp}-${row.rank}`
