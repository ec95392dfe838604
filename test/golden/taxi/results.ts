/*
 * The taxi job's results by plain code: what SEMANTICS.md says, over all trips at once. Nothing here is Tidemark's or
 * the example's, so that a mistake there cannot hide in its own proof.
 */
import ngeohash from 'ngeohash'

export interface GoldenTrip {
  readonly pickupLatitude: number
  readonly pickupLongitude: number
  readonly dropoffLatitude: number
  readonly dropoffLongitude: number
  /** Epoch milliseconds. */
  readonly pickupTime: number
  readonly dropoffTime: number
}

export interface GoldenPickups {
  readonly location: string
  readonly pickup_count: number
  readonly timestamp: number
}

export interface GoldenDuration {
  readonly location: string
  readonly airport_code: string
  readonly sum_trip_duration: number
  readonly avg_trip_duration: number
  readonly timestamp: number
}

export interface GoldenResults {
  readonly pickupCounts: readonly GoldenPickups[]
  readonly tripDurations: readonly GoldenDuration[]
  /** Trips that are in the results, and those that begin or end elsewhere. */
  readonly used: number
  readonly elsewhere: number
}

const HOUR = 60 * 60 * 1000

export function goldenResults(trips: Iterable<GoldenTrip>): GoldenResults {
  const pickups = new Map<string, { location: string; pickup_count: number; timestamp: number }>()
  const durations = new Map<string, { location: string; airport: string; minutes: number[]; timestamp: number }>()
  let used = 0
  let elsewhere = 0
  for (const trip of trips) {
    if (
      !isInCity(trip.pickupLatitude, trip.pickupLongitude) ||
      !isInCity(trip.dropoffLatitude, trip.dropoffLongitude)
    ) {
      elsewhere++
      continue
    }
    used++
    const timestamp = Math.floor(trip.dropoffTime / HOUR) * HOUR + HOUR
    const cell = cellOf(trip.pickupLatitude, trip.pickupLongitude, 7)
    const count = pickups.get(`${cell} ${timestamp}`) ?? { location: cell, pickup_count: 0, timestamp }
    count.pickup_count++
    pickups.set(`${cell} ${timestamp}`, count)
    const airport = airportOf(trip.dropoffLatitude, trip.dropoffLongitude)
    if (airport === undefined) continue
    const area = cellOf(trip.pickupLatitude, trip.pickupLongitude, 6)
    const key = `${area} ${airport} ${timestamp}`
    const duration = durations.get(key) ?? { location: area, airport, minutes: [], timestamp }
    duration.minutes.push(wholeMinutes(trip.dropoffTime - trip.pickupTime))
    durations.set(key, duration)
  }
  const tripDurations: GoldenDuration[] = []
  for (const { location, airport, minutes, timestamp } of durations.values()) {
    if (minutes.length < 2) continue
    const total = minutes.reduce((sum, each) => sum + each, 0)
    tripDurations.push({
      location,
      airport_code: airport,
      sum_trip_duration: total,
      avg_trip_duration: total / minutes.length,
      timestamp,
    })
  }
  return { pickupCounts: [...pickups.values()], tripDurations, used, elsewhere }
}

function isInCity(latitude: number, longitude: number): boolean {
  return 40.56 <= latitude && latitude <= 40.878 && -74.054 <= longitude && longitude <= -73.722
}

function airportOf(latitude: number, longitude: number): string | undefined {
  if (40.632 <= latitude && latitude <= 40.654 && -73.8 <= longitude && longitude <= -73.761) return 'JFK'
  if (40.766 <= latitude && latitude <= 40.778 && -73.881 <= longitude && longitude <= -73.859) return 'LGA'
  return undefined
}

/** Toward zero: a trip that ends 90 s before it begins took -1 minute. Never -0, which no JSON text tells from 0. */
function wholeMinutes(ms: number): number {
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  return ms < 0 && minutes > 0 ? -minutes : minutes
}

/** The library puts a point on an edge into the cell below it; the edge belongs to the cell above. */
export function cellOf(latitude: number, longitude: number, characters: number): string {
  const cell = ngeohash.encode(latitude, longitude, characters)
  const [south, west, north, east] = ngeohash.decode_bbox(cell)
  if (latitude < north && longitude < east) return cell
  const inLatitude = latitude < north ? latitude : north + (north - south) / 2
  const inLongitude = longitude < east ? longitude : east + (east - west) / 2
  return ngeohash.encode(inLatitude, inLongitude, characters)
}
