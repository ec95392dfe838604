import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inNewYork } from '../../../../examples/taxi/geo/index.js'
import { readAll } from './files.js'

const data = (name: string): string => resolve(import.meta.dirname, '../../../../../shared/data', name)
const hasData = existsSync(data('trips-2013-01-01.csv.gz'))
if (!hasData) console.warn('skipped: real trips; put the files of ../shared/data (see its README) there')

describe.skipIf(!hasData)('real trips', () => {
  it('of 2013-01-01 are all readable', async () => {
    const { trips, reading } = await readAll(data('trips-2013-01-01.csv.gz'))
    expect(trips.length).toBe(46_450)
    expect([reading.rows, reading.unreadable, reading.ignored]).toEqual([46_450, 0, 0])
    const dirty = trips.filter((trip) => !inNewYork(trip.pickupLatitude, trip.pickupLongitude)).length
    expect(dirty / trips.length).toBeGreaterThan(0.01)
    expect(dirty / trips.length).toBeLessThan(0.04)
    expect(trips.every((trip, index) => index === 0 || trip.dropoffTime >= trips[index - 1]!.dropoffTime)).toBe(true)
  })

  it('of 2013-01-01 are the same ones as the END events of the rides', async () => {
    const fromTrips = await readAll(data('trips-2013-01-01.csv.gz'))
    const fromRides = await readAll(data('rides-2013-01-01.csv.gz'))
    expect([fromRides.reading.rows, fromRides.reading.ignored]).toEqual([100_000, 53_550])
    const byId = new Map(fromTrips.trips.map((trip) => [trip.tripId, trip]))
    expect(byId.size).toBe(46_450)
    expect(fromRides.trips.every((trip) => sameTrip(trip, byId.get(trip.tripId)))).toBe(true)
    expect(fromRides.trips.length).toBe(46_450)
  })

  it.each(['yellow-2016-01-sample.csv.gz', 'green-2016-01-sample.csv.gz'])('of %s are all counted', async (name) => {
    const { trips, reading } = await readAll(data(name))
    expect([reading.rows, trips.length + reading.unreadable]).toEqual([10_000, 10_000])
    expect(reading.unreadable).toBe(0)
    expect(trips.every((trip) => new Date(trip.pickupTime).toISOString().startsWith('2016-01'))).toBe(true)
    expect(trips.filter((trip) => trip.totalAmount !== undefined).length).toBe(10_000)
  })
})

function sameTrip<Trip extends object>(one: Trip, other: Trip | undefined): boolean {
  return (
    other !== undefined && Object.entries(one).every(([name, value]) => Object.is(value, other[name as keyof Trip]))
  )
}
