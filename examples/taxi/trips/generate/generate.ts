import { TidemarkError } from 'tidemark'
import type { TripEvent } from '../../events/index.js'
import { type CurbChooser, curbChooser } from './curbs.js'
import { latitudeOf, longitudeOf, type Point, pointAt } from './plane.js'
import { isNight, metresPerSecond, SLOT_SECONDS, tripsBySlot } from './rhythm.js'
import { type Seeded, seeded } from './seeded.js'

export interface GenerateOptions {
  /** Default 240,000. */
  readonly trips?: number
  /** Default 1. The trips are a function of the options alone. */
  readonly seed?: number
  /** Midnight (UTC) of the day. Default 2016-01-15, a Friday. */
  readonly dayStart?: number
}

export const GENERATED_TRIPS = 240_000

/** Shares of all trips. */
const FROM_JFK = 0.02
const FROM_LGA = 0.022
const TO_JFK = 0.017
const TO_LGA = 0.021
const DIRTY = 0.02
const ELSEWHERE = 0.004

const JFK = [
  pointAt(40.6437, -73.7897),
  pointAt(40.644, -73.7826),
  pointAt(40.6457, -73.7765),
  pointAt(40.6487, -73.7827),
  pointAt(40.6465, -73.79),
]
const LGA = [
  pointAt(40.774, -73.872),
  pointAt(40.7732, -73.8705),
  pointAt(40.7701, -73.8652),
  pointAt(40.7686, -73.8622),
]
/** Newark, White Plains, Long Island: trips that leave the city. */
const OUTSIDE = [pointAt(40.69, -74.177), pointAt(41.033, -73.763), pointAt(40.757, -73.588)]

interface Route {
  readonly pickup: Point
  readonly dropoff: Point
  readonly isFlatFare: boolean
}

/**
 * A day of taxi trips in New York that nobody made: the day's rhythm, its hot spots by day and by night, both airports,
 * traffic, fares, and about 2 % of trips with the coordinates 0, 0. In batches of five minutes, in no order inside
 * these.
 */
export async function* generateTrips({
  trips = GENERATED_TRIPS,
  seed = 1,
  dayStart = Date.UTC(2016, 0, 15),
}: GenerateOptions = {}): AsyncGenerator<readonly TripEvent[]> {
  if (!Number.isSafeInteger(trips) || trips < 0) {
    throw new TidemarkError({
      code: 'TRIPS_COUNT_INVALID',
      domain: 'user',
      message: `generateTrips: trips is ${trips}, expected a whole number that is not negative`,
    })
  }
  const random = seeded(seed)
  const curbs = curbChooser()
  let tripId = 0
  for (const [slot, count] of tripsBySlot(trips).entries()) {
    const batch: TripEvent[] = []
    for (let trip = 0; trip < count; trip++) {
      const second = slot * SLOT_SECONDS + Math.floor(random.next() * SLOT_SECONDS)
      batch.push(generateTrip(random, curbs, { tripId: ++tripId, second, dayStart }))
    }
    if (batch.length > 0) yield batch
  }
}

interface Departure {
  readonly tripId: number
  readonly second: number
  readonly dayStart: number
}

function generateTrip(random: Seeded, curbs: CurbChooser, { tripId, second, dayStart }: Departure): TripEvent {
  const route = chooseRoute(random, curbs, isNight(second))
  const metres = drivenMetres(route)
  const speed = metresPerSecond(second) * (1 + Math.min(metres, 20_000) / 18_000) * Math.exp(random.gaussian() * 0.22)
  const seconds = Math.max(40, Math.round(60 + metres / speed))
  const pickupTime = dayStart + second * 1000
  const dirt = random.next()
  const isPickupLost = dirt < DIRTY
  const isDropoffLost = dirt < DIRTY * 0.9
  return {
    type: 'trip',
    tripId,
    pickupLatitude: isPickupLost ? 0 : latitudeOf(route.pickup.north),
    pickupLongitude: isPickupLost ? 0 : longitudeOf(route.pickup.east),
    dropoffLatitude: isDropoffLost ? 0 : latitudeOf(route.dropoff.north),
    dropoffLongitude: isDropoffLost ? 0 : longitudeOf(route.dropoff.east),
    totalAmount: totalAmount(random, { metres, seconds, isFlatFare: route.isFlatFare }),
    pickupTime,
    dropoffTime: pickupTime + seconds * 1000,
  }
}

function chooseRoute(random: Seeded, curbs: CurbChooser, night: boolean): Route {
  const kind = random.next()
  if (kind < FROM_JFK + FROM_LGA) {
    const isJfk = kind < FROM_JFK
    return { pickup: nearOneOf(isJfk ? JFK : LGA, random), dropoff: curbs.choose(random, false), isFlatFare: isJfk }
  }
  const pickup = curbs.choose(random, night)
  if (kind < FROM_JFK + FROM_LGA + TO_JFK + TO_LGA) {
    const isJfk = kind < FROM_JFK + FROM_LGA + TO_JFK
    return { pickup, dropoff: nearOneOf(isJfk ? JFK : LGA, random), isFlatFare: isJfk }
  }
  const isElsewhere = kind > 1 - ELSEWHERE
  const dropoff = isElsewhere ? nearOneOf(OUTSIDE, random) : chooseDropoff(random, curbs, { pickup, night })
  return { pickup, dropoff, isFlatFare: false }
}

/** Short trips are more likely: of several places the first is taken that passes a draw by its distance. */
function chooseDropoff(random: Seeded, curbs: CurbChooser, from: { pickup: Point; night: boolean }): Point {
  let dropoff = curbs.choose(random, from.night && random.next() < 0.4)
  for (let attempt = 0; attempt < 4; attempt++) {
    const distance = Math.hypot(dropoff.east - from.pickup.east, dropoff.north - from.pickup.north)
    if (distance > 250 && random.next() < 0.12 + Math.exp(-distance / 2200)) break
    dropoff = curbs.choose(random, false)
  }
  return dropoff
}

function nearOneOf(points: readonly Point[], random: Seeded): Point {
  const point = points[Math.floor(random.next() * points.length)] as Point // the index is below the length
  return { east: point.east + random.gaussian() * 45, north: point.north + random.gaussian() * 45 }
}

/** Taxis drive along Manhattan's grid, which leans 28.9 degrees to the east. */
function drivenMetres({ pickup, dropoff }: Route): number {
  const east = dropoff.east - pickup.east
  const north = dropoff.north - pickup.north
  return 1.08 * (Math.abs(0.483 * east + 0.875 * north) + Math.abs(0.875 * east - 0.483 * north))
}

/** The tariff of 2016: flag, distance or flat fare, surcharges, and a tip for two of three. */
function totalAmount(random: Seeded, ride: { metres: number; seconds: number; isFlatFare: boolean }): number {
  const metered = 2.5 + (ride.metres / 1609.344) * 2.5 + (ride.seconds / 60) * 0.12
  const fare = (ride.isFlatFare ? 52 : Math.round(metered * 2) / 2) + 0.8
  const tip = random.next() < 0.65 ? fare * (0.15 + random.next() * 0.1) : 0
  return Math.round((fare + tip) * 100) / 100
}
