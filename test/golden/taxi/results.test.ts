import { describe, expect, it } from 'vitest'
import { expectSameRows } from './compare.js'
import { expectedRows, realTrips } from './real-day.js'
import { cellOf, type GoldenTrip, goldenResults } from './results.js'
import { tripsOfCsv } from './trips.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function trip(changes: Partial<GoldenTrip> = {}): GoldenTrip {
  return {
    pickupLatitude: 40.75,
    pickupLongitude: -73.99,
    dropoffLatitude: 40.7,
    dropoffLongitude: -73.95,
    pickupTime: 10 * MINUTE,
    dropoffTime: 20 * MINUTE,
    ...changes,
  }
}

describe('the golden taxi results', () => {
  it('are by hand what they are by code', () => {
    const toJfk = { dropoffLatitude: 40.64, dropoffLongitude: -73.78 }
    const results = goldenResults([
      trip(),
      trip({ dropoffTime: HOUR }),
      trip({ ...toJfk, dropoffTime: 30 * MINUTE + 59_999 }),
      trip({ ...toJfk, dropoffTime: 31 * MINUTE }),
      trip({ pickupLatitude: 40.5599 }),
    ])
    expect(results).toEqual({
      pickupCounts: [
        { location: 'dr5ru66', pickup_count: 3, timestamp: HOUR },
        { location: 'dr5ru66', pickup_count: 1, timestamp: 2 * HOUR },
      ],
      tripDurations: [
        { location: 'dr5ru6', airport_code: 'JFK', sum_trip_duration: 41, avg_trip_duration: 20.5, timestamp: HOUR },
      ],
      used: 4,
      elsewhere: 1,
    })
  })

  it('put a point on the edge of a cell into the cell above it', () => {
    expect(cellOf(0, 0, 7)).toBe('s000000')
    expect(cellOf(-1e-9, 0, 7)).toBe('kpbpbpb')
    expect(cellOf(0, -1e-9, 7)).toBe('ebpbpbp')
  })

  const real = realTrips()
  it.skipIf(!real)('are those that others computed for real trips', () => {
    expectSameRows(goldenResults(tripsOfCsv(real!.trips)), expectedRows(real!.expected))
  })
})
