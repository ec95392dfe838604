import { geohash } from '../../examples/taxi/geo/index.js'
import type { TaxiResults } from './results.js'

/*
 * The work of the taxi job as one would write it by hand: no engine, no checkpoints, no recovery. Of Tidemark's example
 * it uses the geohash alone.
 */

const HOUR = 3_600_000

/** Fields of the wire format that the job needs. */
export interface WireTrip {
  readonly type: string
  readonly watermark: string
  readonly pickup_latitude: number
  readonly pickup_longitude: number
  readonly dropoff_latitude: number
  readonly dropoff_longitude: number
  readonly pickup_datetime: string
  readonly dropoff_datetime: string
}

export const isInNewYork = (latitude: number, longitude: number): boolean =>
  latitude >= 40.56 && latitude <= 40.878 && longitude >= -74.054 && longitude <= -73.722

export function airportOf(latitude: number, longitude: number): 'JFK' | 'LGA' | undefined {
  if (latitude >= 40.632 && latitude <= 40.654 && longitude >= -73.8 && longitude <= -73.761) return 'JFK'
  if (latitude >= 40.766 && latitude <= 40.778 && longitude >= -73.881 && longitude <= -73.859) return 'LGA'
  return undefined
}

/** What every record is checked for before it counts: coordinates that are numbers, times that are times. */
export function isValid(trip: WireTrip, pickupTime: number, dropoffTime: number): boolean {
  return (
    Number.isFinite(trip.pickup_latitude) &&
    Number.isFinite(trip.pickup_longitude) &&
    Number.isFinite(trip.dropoff_latitude) &&
    Number.isFinite(trip.dropoff_longitude) &&
    !Number.isNaN(pickupTime) &&
    !Number.isNaN(dropoffTime)
  )
}

interface HourTotals {
  readonly pickups: Map<string, number>
  readonly durations: Map<string, { trips: number; minutes: number }>
}

export function bareLoop(records: readonly Buffer[]): TaxiResults {
  const results: TaxiResults = { pickups: [], durations: [] }
  const hours = new Map<number, HourTotals>()
  let watermark = Number.NEGATIVE_INFINITY
  const close = (): void => {
    for (const [end, totals] of hours) {
      if (end - 1 > watermark) continue
      writeHour(end, totals, results)
      hours.delete(end)
    }
  }
  for (const record of records) {
    const event: WireTrip = JSON.parse(record.toString())
    if (event.type === 'watermark') {
      watermark = Date.parse(event.watermark)
      close()
      continue
    }
    if (event.type !== 'trip') continue
    const pickupTime = Date.parse(event.pickup_datetime)
    const dropoffTime = Date.parse(event.dropoff_datetime)
    if (!isValid(event, pickupTime, dropoffTime)) continue
    if (!isInNewYork(event.pickup_latitude, event.pickup_longitude)) continue
    if (!isInNewYork(event.dropoff_latitude, event.dropoff_longitude)) continue
    const end = (Math.floor(dropoffTime / HOUR) + 1) * HOUR
    if (end - 1 <= watermark) continue
    let totals = hours.get(end)
    if (totals === undefined) {
      totals = { pickups: new Map(), durations: new Map() }
      hours.set(end, totals)
    }
    const cell = geohash(event.pickup_latitude, event.pickup_longitude, 7)
    totals.pickups.set(cell, (totals.pickups.get(cell) ?? 0) + 1)
    const airport = airportOf(event.dropoff_latitude, event.dropoff_longitude)
    if (airport === undefined) continue
    const key = `${geohash(event.pickup_latitude, event.pickup_longitude, 6)}/${airport}`
    const minutes = Math.trunc((dropoffTime - pickupTime) / 60_000)
    const total = totals.durations.get(key)
    if (total === undefined) totals.durations.set(key, { trips: 1, minutes })
    else {
      total.trips++
      total.minutes += minutes
    }
  }
  watermark = Number.POSITIVE_INFINITY
  close()
  return results
}

function writeHour(end: number, totals: HourTotals, results: TaxiResults): void {
  for (const [location, count] of totals.pickups) {
    results.pickups.push({ location, pickup_count: count, timestamp: end })
  }
  for (const [key, { trips, minutes }] of totals.durations) {
    if (trips <= 1) continue
    results.durations.push({
      location: key.slice(0, 6),
      airport_code: key.endsWith('JFK') ? 'JFK' : 'LGA',
      sum_trip_duration: minutes,
      avg_trip_duration: minutes / trips,
      timestamp: end,
    })
  }
}
