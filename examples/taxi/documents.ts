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

/** The same window gives the same id, however often it is written. */
export const pickupCountId = (row: PickupCount): string => `${row.location}@${row.timestamp}`

export const tripDurationId = (row: TripDuration): string => `${row.location}-${row.airport_code}@${row.timestamp}`
