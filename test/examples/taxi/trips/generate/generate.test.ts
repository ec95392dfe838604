import { describe, expect, it } from 'vitest'
import type { TripEvent } from '../../../../../examples/taxi/events/index.js'
import { airportAt, geohash, geohashBounds, inNewYork } from '../../../../../examples/taxi/geo/index.js'
import { type GenerateOptions, generateTrips } from '../../../../../examples/taxi/trips/index.js'

async function generated(options: GenerateOptions = {}): Promise<readonly TripEvent[]> {
  const trips: TripEvent[] = []
  for await (const batch of generateTrips(options)) trips.push(...batch)
  return trips
}

const day = await generated()
const share = (matches: (trip: TripEvent) => boolean): number => day.filter(matches).length / day.length
const hourOf = (epochMs: number): number => new Date(epochMs).getUTCHours()
const clean = day.filter((trip) => trip.pickupLatitude !== 0)

describe('a generated day', () => {
  it('has at least 200,000 trips, all of which begin on it', () => {
    expect(day.length).toBeGreaterThanOrEqual(200_000)
    expect(day.every((trip) => new Date(trip.pickupTime).toISOString().startsWith('2016-01-15'))).toBe(true)
    expect(new Set(day.map((trip) => trip.tripId)).size).toBe(day.length)
  })

  it('is the same for the same seed, and another one for another seed', async () => {
    const [one, same, other] = await Promise.all([7, 7, 8].map((seed) => generated({ seed, trips: 2000 })))
    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
    expect(one!.length).toBe(2000)
  })

  it('takes less than 2 s of processor time', async () => {
    const before = process.cpuUsage()
    await generated({ seed: 2 })
    const used = process.cpuUsage(before)
    expect((used.user + used.system) / 1e6).toBeLessThan(2)
  })

  it('comes roughly in the order of pickups, and not in that of drop-offs', () => {
    let latest = 0
    let inversions = 0
    for (const [index, trip] of day.entries()) {
      expect(trip.pickupTime).toBeGreaterThan(latest - 300_000)
      latest = Math.max(latest, trip.pickupTime)
      if (index > 0 && trip.dropoffTime < day[index - 1]!.dropoffTime) inversions++
    }
    expect(inversions / day.length).toBeGreaterThan(0.3)
  })

  it('has a rhythm: a rush in the evening, few trips before dawn', () => {
    const perHour = new Array<number>(24).fill(0)
    for (const trip of day) perHour[hourOf(trip.pickupTime)]!++
    expect(Math.min(...perHour)).toBe(Math.min(perHour[4]!, perHour[5]!))
    expect(Math.max(...perHour)).toBe(Math.max(perHour[18]!, perHour[19]!))
    expect(perHour[19]! / perHour[4]!).toBeGreaterThan(4)
  })

  it('has a few percent of dirty coordinates; the others are finite and mostly in New York', () => {
    expect(share((trip) => trip.pickupLatitude === 0 && trip.pickupLongitude === 0)).toBeCloseTo(0.02, 2)
    expect(clean.every((trip) => inNewYork(trip.pickupLatitude, trip.pickupLongitude))).toBe(true)
    const left = clean.filter((trip) => !inNewYork(trip.dropoffLatitude, trip.dropoffLongitude)).length / clean.length
    expect(left).toBeGreaterThan(0.001)
    expect(left).toBeLessThan(0.02)
  })

  it('has trips to and from both airports in every hour', () => {
    for (const code of ['JFK', 'LGA'] as const) {
      const to = clean.filter((trip) => airportAt(trip.dropoffLatitude, trip.dropoffLongitude) === code)
      const from = clean.filter((trip) => airportAt(trip.pickupLatitude, trip.pickupLongitude) === code)
      for (const trips of [to, from]) {
        expect(trips.length / day.length).toBeGreaterThan(0.012)
        expect(new Set(trips.map((trip) => hourOf(trip.pickupTime))).size).toBe(24)
      }
      const minutes = to.map((trip) => (trip.dropoffTime - trip.pickupTime) / 60_000).sort((one, other) => one - other)
      expect(minutes[minutes.length >>> 1]).toBeGreaterThan(15)
      expect(minutes[minutes.length >>> 1]).toBeLessThan(75)
    }
  })

  it('has durations and fares that a taxi has', () => {
    const minutes = day.map((trip) => (trip.dropoffTime - trip.pickupTime) / 60_000).sort((one, other) => one - other)
    expect(minutes[0]).toBeGreaterThan(0)
    expect(minutes[day.length >>> 1]).toBeGreaterThan(8)
    expect(minutes[day.length >>> 1]).toBeLessThan(16)
    expect(minutes.at(-1)).toBeLessThan(300)
    const fares = day.map((trip) => trip.totalAmount ?? Number.NaN).sort((one, other) => one - other)
    expect(fares[0]).toBeGreaterThan(2.5)
    expect(fares[day.length >>> 1]).toBeGreaterThan(8)
    expect(fares[day.length >>> 1]).toBeLessThan(20)
  })

  it('leaves Central Park, the rivers and the bay empty', () => {
    const near = (latitude: number, longitude: number): number =>
      clean.filter(
        (t) => Math.abs(t.pickupLatitude - latitude) < 0.001 && Math.abs(t.pickupLongitude - longitude) < 0.0013,
      ).length
    expect(near(40.7829, -73.9654)).toBe(0)
    expect(near(40.7075, -73.9905)).toBe(0)
    expect(near(40.75, -74.025)).toBe(0)
    expect(near(40.7527, -73.9772)).toBeGreaterThan(500)
  })

  it('has its hottest cell in Midtown', () => {
    const cells = new Map<string, number>()
    for (const trip of clean) {
      const cell = geohash(trip.pickupLatitude, trip.pickupLongitude, 7)
      cells.set(cell, (cells.get(cell) ?? 0) + 1)
    }
    const ranked = [...cells].sort((one, other) => other[1] - one[1]).filter(([cell]) => isInManhattan(cell))
    const bounds = geohashBounds(ranked[0]![0])
    expect(bounds.minLatitude).toBeGreaterThan(40.745)
    expect(bounds.maxLatitude).toBeLessThan(40.765)
    expect(cells.size).toBeGreaterThan(2000)
  })

  it('refuses a number of trips that is none', async () => {
    for (const trips of [-1, 1.5, Number.NaN]) {
      await expect(generated({ trips })).rejects.toMatchObject({ code: 'TRIPS_COUNT_INVALID' })
    }
    expect(await generated({ trips: 0 })).toEqual([])
  })
})

const isInManhattan = (cell: string): boolean => geohashBounds(cell).maxLongitude < -73.92
