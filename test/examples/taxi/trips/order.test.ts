import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TripEvent } from '../../../../examples/taxi/events/index.js'
import { orderByDropoff } from '../../../../examples/taxi/trips/index.js'

const trip = (dropoffTime: number, tripId: number): TripEvent => ({
  type: 'trip',
  tripId,
  pickupLatitude: 40.7,
  pickupLongitude: -73.9,
  dropoffLatitude: 40.7,
  dropoffLongitude: -73.9,
  totalAmount: undefined,
  pickupTime: 0,
  dropoffTime,
})

async function* inBatches(trips: readonly TripEvent[], size: number): AsyncGenerator<readonly TripEvent[]> {
  for (let start = 0; start < trips.length; start += size) yield trips.slice(start, start + size)
}

async function ordered(times: readonly number[], { capacity, batch = 3 }: { capacity?: number; batch?: number }) {
  const source = orderByDropoff(inBatches(times.map(trip), batch), capacity === undefined ? {} : { capacity })
  const trips: TripEvent[] = []
  for await (const part of source.trips) trips.push(...part)
  return { trips, outOfOrder: source.outOfOrder }
}

const anyTimes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 })

describe('the ordering buffer', () => {
  it('sorts what fits into it, stable for equal times', async () => {
    await fc.assert(
      fc.asyncProperty(anyTimes, fc.integer({ min: 1, max: 20 }), async (times, batch) => {
        const { trips, outOfOrder } = await ordered(times, { batch })
        const expected = times.map(trip).sort((one, other) => one.dropoffTime - other.dropoffTime)
        expect(trips).toEqual(expected)
        expect(outOfOrder).toBe(0)
      }),
    )
  })

  it('emits each trip once, holds no more than its capacity, and counts what comes behind what has gone', async () => {
    await fc.assert(
      fc.asyncProperty(anyTimes, fc.integer({ min: 1, max: 30 }), async (times, capacity) => {
        const { trips, outOfOrder } = await ordered(times, { capacity })
        // The definition, by sorting: with capacity + 1 trips at hand, the earliest goes.
        const held: TripEvent[] = []
        const expected: TripEvent[] = []
        const goOn = (): void => {
          held.sort((one, other) => one.dropoffTime - other.dropoffTime || Number(one.tripId) - Number(other.tripId))
          expected.push(held.shift()!)
        }
        for (const next of times.map(trip)) {
          held.push(next)
          if (held.length > capacity) goOn()
        }
        while (held.length > 0) goOn()
        expect(trips).toEqual(expected)
        let latest = 0
        let behind = 0
        for (const { dropoffTime } of expected) {
          if (dropoffTime < latest) behind++
          latest = Math.max(latest, dropoffTime)
        }
        expect(outOfOrder).toBe(behind)
      }),
    )
  })

  it('puts right what is displaced by no more than its capacity', async () => {
    const { trips, outOfOrder } = await ordered([3, 2, 1, 6, 5, 4, 9, 8, 7], { capacity: 2 })
    expect(trips.map((one) => one.dropoffTime)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(outOfOrder).toBe(0)
  })

  it('passes a trip that comes too late on at once', async () => {
    const { trips, outOfOrder } = await ordered([10, 20, 30, 5, 40], { capacity: 1, batch: 1 })
    expect(trips.map((one) => one.dropoffTime)).toEqual([10, 20, 5, 30, 40])
    expect(outOfOrder).toBe(1)
  })

  it('takes no more from its source than it needs to emit the next one', async () => {
    let taken = 0
    async function* counted(): AsyncGenerator<readonly TripEvent[]> {
      for (;;) yield [trip(taken++, taken)]
    }
    for await (const batch of orderByDropoff(counted(), { capacity: 10 }).trips) {
      expect([batch.length, taken]).toEqual([1, 11])
      break
    }
  })
})
