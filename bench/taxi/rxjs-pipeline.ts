import {
  BehaviorSubject,
  count,
  filter,
  from,
  groupBy,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  type Observable,
  reduce,
  Subject,
  take,
  tap,
} from 'rxjs'
import type { PickupCount, TripDuration } from '../../examples/taxi/documents.js'
import { geohash } from '../../examples/taxi/geo/index.js'
import { airportOf, isInNewYork, isValid, type WireTrip } from './bare-loop.js'
import type { TaxiResults } from './results.js'

const HOUR = 3_600_000

interface Trip {
  readonly wire: WireTrip
  readonly pickupTime: number
  readonly dropoffTime: number
  readonly end: number
}

/**
 * The same with rxjs: `groupBy` hour, closed by the watermark, and within it `groupBy` cell. The records are parsed once
 * and shared by both results.
 */
export async function rxjsPipeline(records: readonly Buffer[]): Promise<TaxiResults> {
  const results: TaxiResults = { pickups: [], durations: [] }
  const watermark = new BehaviorSubject(Number.NEGATIVE_INFINITY)
  const trips = new Subject<Trip>()
  const hourly = trips.pipe(
    groupBy((trip) => trip.end, {
      duration: ({ key }) =>
        watermark.pipe(
          filter((reached) => reached >= key - 1),
          take(1),
        ),
    }),
  )
  const hours = new Subject<{ readonly end: number; readonly trips: Observable<Trip> }>()
  const written = lastValueFrom(
    hours.pipe(
      mergeMap((hour) => merge(pickupsOf(hour.end, hour.trips), durationsOf(hour.end, hour.trips))),
      tap((row) => {
        if ('pickup_count' in row) results.pickups.push(row)
        else results.durations.push(row)
      }),
    ),
    { defaultValue: undefined },
  )
  hourly.pipe(map((hour) => ({ end: hour.key, trips: hour }))).subscribe(hours)
  from(records)
    .pipe(
      map((record): WireTrip => JSON.parse(record.toString())),
      tap((event) => {
        if (event.type === 'watermark') watermark.next(Date.parse(event.watermark))
      }),
      filter((event) => event.type === 'trip'),
      map((wire): Trip => {
        const dropoffTime = Date.parse(wire.dropoff_datetime)
        const end = (Math.floor(dropoffTime / HOUR) + 1) * HOUR
        return { wire, pickupTime: Date.parse(wire.pickup_datetime), dropoffTime, end }
      }),
      filter(({ wire, pickupTime, dropoffTime }) => isValid(wire, pickupTime, dropoffTime)),
      filter(
        ({ wire }) =>
          isInNewYork(wire.pickup_latitude, wire.pickup_longitude) &&
          isInNewYork(wire.dropoff_latitude, wire.dropoff_longitude),
      ),
      filter(({ end }) => end - 1 > watermark.value),
    )
    .subscribe(trips)
  await written
  return results
}

function pickupsOf(end: number, trips: Observable<Trip>): Observable<PickupCount> {
  return trips.pipe(
    groupBy(({ wire }) => geohash(wire.pickup_latitude, wire.pickup_longitude, 7)),
    mergeMap((cell) =>
      cell.pipe(
        count(),
        map((pickups): PickupCount => ({ location: cell.key, pickup_count: pickups, timestamp: end })),
      ),
    ),
  )
}

function durationsOf(end: number, trips: Observable<Trip>): Observable<TripDuration> {
  return trips.pipe(
    map((trip) => ({ trip, airport: airportOf(trip.wire.dropoff_latitude, trip.wire.dropoff_longitude) })),
    filter(({ airport }) => airport !== undefined),
    groupBy(({ trip, airport }) => `${geohash(trip.wire.pickup_latitude, trip.wire.pickup_longitude, 6)}/${airport}`),
    mergeMap((cell) =>
      cell.pipe(
        reduce(
          (total, { trip }) => {
            total.trips++
            total.minutes += Math.trunc((trip.dropoffTime - trip.pickupTime) / 60_000)
            return total
          },
          { trips: 0, minutes: 0 },
        ),
        filter(({ trips }) => trips > 1),
        map(
          ({ trips, minutes }): TripDuration => ({
            location: cell.key.slice(0, 6),
            airport_code: cell.key.endsWith('JFK') ? 'JFK' : 'LGA',
            sum_trip_duration: minutes,
            avg_trip_duration: minutes / trips,
            timestamp: end,
          }),
        ),
      ),
    ),
  )
}
