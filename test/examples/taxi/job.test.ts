import { malformed, testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'
import { type PickupCount, pickupCountId, type TripDuration, tripDurationId } from '../../../examples/taxi/documents.js'
import type { TaxiEvent, TripEvent, WatermarkEvent } from '../../../examples/taxi/events/index.js'
import taxiHotspots from '../../../examples/taxi/job.js'
import { countEvents } from '../../../examples/taxi/run/progress.js'
import { expectSameRows } from '../../golden/taxi/compare.js'
import { goldenResults } from '../../golden/taxi/results.js'
import { choices } from '../../golden/taxi/seeded.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const JFK = { dropoffLatitude: 40.64, dropoffLongitude: -73.78 }
const LGA = { dropoffLatitude: 40.77, dropoffLongitude: -73.87 }

/** From Manhattan to Brooklyn in ten minutes. */
function trip(changes: Partial<TripEvent> = {}): TripEvent {
  return {
    type: 'trip',
    tripId: 1,
    pickupLatitude: 40.75,
    pickupLongitude: -73.99,
    dropoffLatitude: 40.7,
    dropoffLongitude: -73.95,
    totalAmount: 12.5,
    pickupTime: 10 * MINUTE,
    dropoffTime: 20 * MINUTE,
    ...changes,
  }
}

const marker = (watermark: number): WatermarkEvent => ({ type: 'watermark', watermark })

async function resultsOf(events: readonly unknown[], parallelism = 1) {
  const test = await testJob(taxiHotspots, { sources: { 'taxi-events': events }, parallelism })
  const { progress } = await test.finish()
  return {
    pickupCounts: test.results<PickupCount>('pickup-count'),
    tripDurations: test.results<TripDuration>('trip-duration'),
    late: test.results<TripEvent>('late-trips'),
    malformed: test.results<{ readonly raw: string }>('malformed-events'),
    counts: countEvents(progress),
  }
}

describe('the box of New York', () => {
  it.each([
    ['pickup', 40.56, -74.054],
    ['pickup', 40.878, -73.722],
    ['dropoff', 40.56, -73.722],
    ['dropoff', 40.878, -74.054],
  ])('has its edges: %s at %d, %d', async (end, latitude, longitude) => {
    const { pickupCounts } = await resultsOf([trip({ [`${end}Latitude`]: latitude, [`${end}Longitude`]: longitude })])
    expect(pickupCounts).toHaveLength(1)
  })

  it.each([
    ['pickupLatitude', 40.5599999],
    ['pickupLatitude', 40.8780001],
    ['dropoffLongitude', -74.0540001],
    ['dropoffLongitude', -73.7219999],
  ])('has both ends of a trip: %s %d is outside', async (field, value) => {
    const { pickupCounts, counts } = await resultsOf([trip({ [field]: value }), trip()])
    expect(pickupCounts.map((row) => row.pickup_count)).toEqual([1])
    expect(counts).toMatchObject({ trips: 2, filtered: 1, used: 1 })
  })
})

describe('pickup_count', () => {
  it('counts pickups by cell of 7 characters and hour of the drop-off, stamped with the end of the hour', async () => {
    const results = await resultsOf([
      trip({ pickupTime: 0, dropoffTime: HOUR - 1 }),
      trip({ pickupTime: 0, dropoffTime: HOUR }),
      trip({ pickupLatitude: 40.7501, dropoffTime: HOUR }),
      trip({ pickupLongitude: -73.98, dropoffTime: HOUR }),
    ])
    const pickupCounts = [
      { location: 'dr5ru66', pickup_count: 1, timestamp: HOUR },
      { location: 'dr5ru66', pickup_count: 2, timestamp: 2 * HOUR },
      { location: 'dr5rud3', pickup_count: 1, timestamp: 2 * HOUR },
    ]
    expectSameRows(results, { pickupCounts, tripDurations: [] })
  })

  it('shows a window when a marker has passed its end, and no sooner', async () => {
    const test = await testJob(taxiHotspots, { sources: { 'taxi-events': [trip(), marker(HOUR - 2)] } })
    await test.checkpoint()
    expect(test.results('pickup-count')).toEqual([])
    await test.send('taxi-events', [marker(HOUR - 1)])
    await test.checkpoint()
    expect(test.results('pickup-count')).toHaveLength(1)
    await test.finish()
  })

  it('with bounded watermarks waits for a drop-off that is 60 s past the end of the hour', async () => {
    const params = { watermarks: 'bounded' }
    const test = await testJob(taxiHotspots, { sources: { 'taxi-events': [trip()] }, params })
    await test.send('taxi-events', [trip({ dropoffTime: HOUR + MINUTE - 1 })])
    await test.checkpoint()
    expect(test.results('pickup-count')).toEqual([])
    await test.send('taxi-events', [trip({ dropoffTime: HOUR + MINUTE })])
    await test.checkpoint()
    expect(test.results('pickup-count')).toHaveLength(1)
    await test.finish()
  })
})

describe('trip_duration', () => {
  const toJfk = (minutes: number): TripEvent => trip({ ...JFK, dropoffTime: 10 * MINUTE + minutes * MINUTE })

  it('sums and averages minutes by cell of 6 characters and airport', async () => {
    const { tripDurations: found } = await resultsOf([
      toJfk(30),
      toJfk(41),
      trip(LGA),
      trip({ ...LGA, pickupLatitude: 40.7501 }),
      trip(),
    ])
    const tripDurations = [
      { location: 'dr5ru6', airport_code: 'JFK', sum_trip_duration: 71, avg_trip_duration: 35.5, timestamp: HOUR },
      { location: 'dr5ru6', airport_code: 'LGA', sum_trip_duration: 20, avg_trip_duration: 10, timestamp: HOUR },
    ]
    expectSameRows({ pickupCounts: [], tripDurations: found }, { pickupCounts: [], tripDurations })
  })

  it('is only there with more than one trip', async () => {
    expect((await resultsOf([toJfk(30), trip(LGA)])).tripDurations).toEqual([])
  })

  it.each([
    [1.999, 1],
    [0.999, 0],
    [-0.999, 0],
    [-1.999, -1],
  ])('takes minutes toward zero: %d are %d', async (minutes, whole) => {
    const { tripDurations } = await resultsOf([toJfk(minutes), toJfk(10)])
    expect(tripDurations[0]?.sum_trip_duration).toBe(10 + whole)
  })

  it.each([
    ['JFK', 40.632, -73.8],
    ['JFK', 40.654, -73.761],
    ['LGA', 40.766, -73.881],
    ['LGA', 40.778, -73.859],
  ])('the box of %s has its edges: %d, %d', async (airport, dropoffLatitude, dropoffLongitude) => {
    const there = trip({ dropoffLatitude, dropoffLongitude })
    const { tripDurations } = await resultsOf([there, there])
    expect(tripDurations.map((row) => row.airport_code)).toEqual([airport])
  })

  it.each([
    [40.6319999, -73.78],
    [40.6540001, -73.78],
    [40.77, -73.8810001],
    [40.77, -73.8589999],
  ])('beside an airport is not at it: %d, %d', async (dropoffLatitude, dropoffLongitude) => {
    const there = trip({ dropoffLatitude, dropoffLongitude })
    expect((await resultsOf([there, there])).tripDurations).toEqual([])
  })
})

describe('what is not in the results', () => {
  it('a late trip goes to its own output and is counted: the allowed lateness is 0', async () => {
    const late = trip({ dropoffTime: HOUR - 1 })
    const {
      pickupCounts,
      late: set,
      counts,
    } = await resultsOf([trip(), marker(HOUR - 1), late, trip({ dropoffTime: HOUR })])
    expect(set).toEqual([late])
    expect(pickupCounts.map((row) => row.pickup_count)).toEqual([1, 1])
    expect(counts).toMatchObject({ late: 1, used: 2, filtered: 0 })
  })

  it('a late trip to an airport is counted once', async () => {
    const { late, tripDurations, counts } = await resultsOf([trip(), marker(HOUR - 1), trip(JFK), trip(JFK)])
    expect(late).toHaveLength(2)
    expect(tripDurations).toEqual([])
    expect(counts).toMatchObject({ late: 2, used: 1 })
  })

  it('a trip is not late while its hour is open', async () => {
    const { pickupCounts, late } = await resultsOf([trip(), marker(HOUR - 2), trip({ dropoffTime: 0 })])
    expect(late).toEqual([])
    expect(pickupCounts.map((row) => row.pickup_count)).toEqual([2])
  })

  it('a malformed event goes to its own output, as it came, and is counted', async () => {
    const { malformed: set, pickupCounts, counts } = await resultsOf([trip(), malformed('{"type":'), trip()])
    expect(set).toMatchObject([{ split: 'split-0', offset: '1', code: 'RECORD_MALFORMED', raw: btoa('{"type":') }])
    expect(pickupCounts.map((row) => row.pickup_count)).toEqual([2])
    expect(counts).toMatchObject({ malformed: 1, trips: 2, used: 2 })
  })
})

describe('the whole job', () => {
  const random = choices(7)
  const events: readonly TaxiEvent[] = Array.from({ length: 600 }, (_, index) => {
    const dropoffTime = index * MINUTE
    return trip({
      ...random.one([{}, {}, JFK, LGA, { dropoffLatitude: 0 }]),
      pickupLatitude: 40.75 + random.between(0, 3) * 0.004,
      pickupTime: dropoffTime - random.between(-2, 50) * MINUTE,
      dropoffTime,
    })
  }).flatMap((each, index) => (index % 10 === 9 ? [each, marker(each.dropoffTime)] : [each]))
  const golden = goldenResults(events.filter((event) => event.type === 'trip'))

  it.each([1, 2, 4])('gives the golden results at parallelism %d', async (parallelism) => {
    expectSameRows(await resultsOf(events, parallelism), golden)
  })

  it.each([
    [1, 4],
    [4, 1],
    [2, 3],
  ])('gives them from a savepoint: parallelism %d, then %d', async (parallelism, then) => {
    const first = await testJob(taxiHotspots, { sources: { 'taxi-events': events.slice(0, 300) }, parallelism })
    const from = await first.savepoint()
    const second = await testJob(taxiHotspots, { sources: { 'taxi-events': events }, parallelism: then, from })
    await second.finish()
    const both = <T>(sink: string): T[] => [...first.results<T>(sink), ...second.results<T>(sink)]
    const pickupCounts = both<PickupCount>('pickup-count')
    expectSameRows({ pickupCounts, tripDurations: both<TripDuration>('trip-duration') }, golden)
    expect(first.results('pickup-count').length).toBeGreaterThan(0)
  })

  it('gives every document an id of its own, the same each time', async () => {
    const ids = async (parallelism: number): Promise<string[]> => {
      const { pickupCounts, tripDurations } = await resultsOf(events, parallelism)
      return [...pickupCounts.map(pickupCountId), ...tripDurations.map(tripDurationId)].sort()
    }
    const once = await ids(1)
    expect(new Set(once).size).toBe(once.length)
    expect(await ids(3)).toEqual(once)
  })
})
