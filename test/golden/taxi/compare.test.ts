import { describe, expect, it } from 'vitest'
import { expectPartOf, expectSameRows, type ResultRows } from './compare.js'

const rows = (...cells: readonly string[]): ResultRows => ({
  pickupCounts: cells.map((location) => ({ location, pickup_count: 1, timestamp: 0 })),
  tripDurations: [],
})

describe('comparing results', () => {
  it('takes rows in any order', () => {
    expectSameRows(rows('a', 'b'), rows('b', 'a'))
    expectPartOf(rows('b'), rows('b', 'a'))
  })

  it.each([
    ['lost', rows('a')],
    ['doubled', rows('a', 'b', 'b')],
    ['wrong', rows('a', 'c')],
    ['in the other result set', { pickupCounts: rows('a').pickupCounts, tripDurations: rows('b').pickupCounts }],
  ])('notices a row that is %s', (_what, found) => {
    expect(() => expectSameRows(found, rows('a', 'b'))).toThrow()
  })

  it.each([
    ['doubled', rows('b', 'b')],
    ['wrong', rows('c')],
  ])('notices a row that is %s though more may follow', (_what, found) => {
    expect(() => expectPartOf(found, rows('a', 'b'))).toThrow()
  })
})
