import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PickupCount } from '../../../../examples/taxi/documents.js'
import { hottest } from '../../../../examples/taxi/report/hottest.js'

const row = fc.record({
  location: fc.constantFrom('dr5ru7k', 'dr5ru7m', 'dr5ru7q'),
  pickup_count: fc.integer({ min: 1, max: 4 }),
  timestamp: fc.integer({ min: 1, max: 3 }),
})

describe('the hottest rows', () => {
  it('are the first of all rows in order of count, then time, then cell', () => {
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 0, max: 12 }), (rows, limit) => {
        const key = (r: PickupCount) => `${9 - r.pickup_count} ${r.timestamp} ${r.location}`
        expect(hottest(rows, limit).map(key)).toEqual(rows.map(key).sort().slice(0, limit))
      }),
    )
  })
})
