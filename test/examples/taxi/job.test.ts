import { testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'
import { type PickupCount, pickupCountId, type TripDuration, tripDurationId } from '../../../examples/taxi/documents.js'
import type { TaxiEvent, TripEvent } from '../../../examples/taxi/events/index.js'
import { geohash } from '../../../examples/taxi/geo/index.js'
import job from '../../../examples/taxi/job.js'

const HOUR = 3_600_000
const NOON = Date.UTC(2013, 0, 1, 12)
const MIDTOWN = { pickupLatitude: 40.7549, pickupLongitude: -73.984 }
const JFK = { dropoffLatitude: 40.6437, dropoffLongitude: -73.7823 }
const LGA = { dropoffLatitude: 40.7744, dropoffLongitude: -73.8726 }
const HARLEM = { dropoffLatitude: 40.8116, dropoffLongitude: -73.9465 }

/** From Midtown to Harlem in ten minutes, unless told otherwise. */
function trip(dropoffTime: number, other: Partial<TripEvent> = {}): TripEvent {
  return {
    type: 'trip',
    tripId: 1,
    totalAmount: 10,
    pickupTime: dropoffTime - 600_000,
    dropoffTime,
    ...MIDTOWN,
    ...HARLEM,
    ...other,
  }
}
const marker = (watermark: number): TaxiEvent => ({ type: 'watermark', watermark })

async function resultsOf(events: readonly TaxiEvent[], watermarks: 'markers' | 'bounded' = 'markers') {
  const test = await testJob(job, { sources: { 'taxi-events': events }, parameters: { watermarks } })
  await test.finish()
  return {
    pickups: test.results<PickupCount>('pickup-count'),
    durations: test.results<TripDuration>('trip-duration'),
    late: test.results<TripEvent>('late-trips'),
  }
}

describe('the taxi job', () => {
  it('counts pickups by geohash of 7 characters and hour of the drop-off, stamped with the end of the hour', async () => {
    const location = geohash(MIDTOWN.pickupLatitude, MIDTOWN.pickupLongitude, 7)
    const { pickups } = await resultsOf([trip(NOON), trip(NOON + HOUR - 1), trip(NOON + HOUR)])
    expect(location).toHaveLength(7)
    expect(pickups).toEqual([
      { location, pickup_count: 2, timestamp: NOON + HOUR },
      { location, pickup_count: 1, timestamp: NOON + 2 * HOUR },
    ])
  })

  it('keeps trips whose pickup and drop-off are both in New York', async () => {
    const { pickups, durations } = await resultsOf([
      trip(NOON, { pickupLatitude: 0, pickupLongitude: 0 }),
      trip(NOON, { dropoffLatitude: 40.5, dropoffLongitude: -74 }),
      trip(NOON, { pickupLatitude: 40.56, pickupLongitude: -74.054 }),
    ])
    expect(pickups).toMatchObject([{ location: geohash(40.56, -74.054, 7), pickup_count: 1 }])
    expect(durations).toEqual([])
  })

  it('sums and averages minutes to the airports by geohash of 6 characters, truncated toward zero', async () => {
    const location = geohash(MIDTOWN.pickupLatitude, MIDTOWN.pickupLongitude, 6)
    const { durations } = await resultsOf([
      trip(NOON, { ...JFK, pickupTime: NOON - 119_999 }),
      trip(NOON, { ...JFK, pickupTime: NOON - 40 * 60_000 }),
      trip(NOON, { ...LGA, pickupTime: NOON + 119_999 }),
      trip(NOON, { ...LGA, pickupTime: NOON - 600_000 }),
    ])
    const timestamp = NOON + HOUR
    const jfk = { location, airport_code: 'JFK', sum_trip_duration: 41, avg_trip_duration: 20.5, timestamp }
    const lga = { location, airport_code: 'LGA', sum_trip_duration: 9, avg_trip_duration: 4.5, timestamp }
    expect(durations).toHaveLength(2)
    expect(durations).toEqual(expect.arrayContaining([jfk, lga]))
  })

  it('gives an airport only with more than one trip, and a drop-off elsewhere none', async () => {
    const { durations } = await resultsOf([trip(NOON, JFK), trip(NOON + HOUR, JFK), trip(NOON), trip(NOON)])
    expect(durations).toEqual([])
  })

  it('with markers: a marker closes the hours before it, and a trip behind it is late, with lateness 0', async () => {
    const events = [trip(NOON), marker(NOON + HOUR - 2), trip(NOON + 1), marker(NOON + HOUR - 1), trip(NOON + 2)]
    const { pickups, late } = await resultsOf(events)
    expect(pickups).toMatchObject([{ pickup_count: 2 }])
    expect(late).toEqual([trip(NOON + 2)])
  })

  it('with bounded watermarks: what is no more than 60 s behind is in time, whatever the markers say', async () => {
    const end = NOON + HOUR
    const events = [
      trip(NOON),
      trip(end + 59_999),
      marker(end + 59_999),
      trip(end - 1),
      trip(end + 60_000),
      trip(end - 2),
    ]
    const { pickups, late } = await resultsOf(events, 'bounded')
    expect(pickups).toMatchObject([
      { pickup_count: 2, timestamp: end },
      { pickup_count: 2, timestamp: end + HOUR },
    ])
    expect(late).toEqual([trip(end - 2)])
  })

  it('has ids that a replay of the same window gives again, and no other window does', async () => {
    const events = [trip(NOON, JFK), trip(NOON, JFK), trip(NOON, LGA), trip(NOON, LGA), trip(NOON + HOUR, JFK)]
    const [first, second] = [await resultsOf(events), await resultsOf(events)]
    const ids = [...first.pickups.map(pickupCountId), ...first.durations.map(tripDurationId)]
    expect([...second.pickups.map(pickupCountId), ...second.durations.map(tripDurationId)].sort()).toEqual(
      [...ids].sort(),
    )
    expect(new Set(ids).size).toBe(4)
  })
})
