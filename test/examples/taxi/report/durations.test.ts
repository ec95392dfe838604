import { describe, expect, it } from 'vitest'
import type { TripDuration } from '../../../../examples/taxi/documents.js'
import { averagesByStep, tripsOf } from '../../../../examples/taxi/report/durations.js'
import { hour, midnight } from './synthetic-day.js'

function row(airport_code: 'JFK' | 'LGA', sum: number, trips: number, at = 1): TripDuration {
  const timestamp = midnight + at * hour
  return { location: 'dr5ru7', airport_code, sum_trip_duration: sum, avg_trip_duration: sum / trips, timestamp }
}

describe('airport averages', () => {
  it('weigh cells by their trips: 10 trips of 20 minutes and 2 of 50 are 25 minutes', () => {
    const { series } = averagesByStep([row('JFK', 200, 10), row('JFK', 100, 2), row('LGA', 30, 2)])
    expect(series.map(({ code }) => code)).toEqual(['JFK', 'LGA'])
    expect(series[0]?.steps).toEqual([{ startMs: midnight, minutes: 300, trips: 12 }])
    expect(series[1]?.steps).toEqual([{ startMs: midnight, minutes: 30, trips: 2 }])
  })

  it('finds the number of trips again from sum and average, in spite of rounding', () => {
    for (let trips = 2; trips < 500; trips++) expect(tripsOf(row('LGA', 1_234, trips))).toBe(trips)
    expect(tripsOf(row('LGA', 0, 7))).toBe(2)
  })

  it('are by hour, in order of time, and by day when hours are too many', () => {
    const hours = averagesByStep([row('JFK', 40, 2, 5), row('JFK', 60, 2, 3)])
    expect(hours.hoursPerStep).toBe(1)
    expect(hours.series[0]?.steps.map((step) => step.startMs)).toEqual([midnight + 2 * hour, midnight + 4 * hour])
    const year = averagesByStep(Array.from({ length: 24 * 365 }, (_, at) => row('LGA', 40, 2, at + 1)))
    expect(year.hoursPerStep).toBe(24)
    expect(year.series[1]?.steps.length).toBe(365)
    expect(year.series[1]?.steps[0]).toEqual({ startMs: midnight, minutes: 960, trips: 48 })
  })
})
