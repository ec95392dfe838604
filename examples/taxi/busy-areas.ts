import { type KeyedStream, minutes, type Stream } from 'tidemark'
import { hotspots } from 'tidemark/patterns'
import type { BusyArea } from './documents.js'
import type { TripEvent } from './events/index.js'
import { NEW_YORK } from './geo/index.js'

/** Kilometres of a degree, in New York: distances are in one unit. */
const KM_OF_LATITUDE = 111.05
const KM_OF_LONGITUDE = 84.4

const north = (latitude: number): number => (latitude - NEW_YORK.minLatitude) * KM_OF_LATITUDE
const east = (longitude: number): number => (longitude - NEW_YORK.minLongitude) * KM_OF_LONGITUDE
const latitude = (north: number): number => rounded(NEW_YORK.minLatitude + north / KM_OF_LATITUDE)
const longitude = (east: number): number => rounded(NEW_YORK.minLongitude + east / KM_OF_LONGITUDE)

/** To a tenth of a metre. */
const rounded = (degrees: number): number => Math.round(degrees * 1e6) / 1e6

/**
 * Where the last thousand pickups lie dense, every ten minutes: HOTSPOTS of Kinesis Data Analytics. All of New York is one
 * key, since its windows are of all pickups.
 */
export function busyAreas(trips: KeyedStream<string, TripEvent>): Stream<BusyArea> {
  return trips
    .pipe(
      hotspots('busy-areas', {
        dimensions: { north: (trip) => north(trip.pickupLatitude), east: (trip) => east(trip.pickupLongitude) },
        windowSize: 1000,
        scanRadius: 0.1,
        minimumPoints: 15,
        every: minutes(10),
      }),
    )
    .map(
      ({ end, rank, pointsCount, density, minValues, maxValues }): BusyArea => ({
        area: {
          type: 'envelope',
          coordinates: [
            [longitude(minValues.east), latitude(maxValues.north)],
            [longitude(maxValues.east), latitude(minValues.north)],
          ],
        },
        pickups: pointsCount,
        pickups_per_km2: density,
        rank,
        timestamp: end,
      }),
    )
}
