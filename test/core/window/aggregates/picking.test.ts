import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyAggregate, first, last, maxBy, minBy, topN } from '../../../../core/window/aggregates/index.js'
import { addAll, describeLaws, type Timed } from './laws.js'
import { NO_NUMBERS, refusesSetting, refusesValues, thrownBy } from './refusals.js'

interface Trip {
  readonly id: string
  readonly fare: number
}
// Few fares, so that there are ties; the id tells tied trips apart.
const trips: fc.Arbitrary<Trip> = fc.record({ id: fc.string(), fare: fc.integer({ min: -3, max: 3 }) })
const fareOf = (trip: Trip): number => trip.fare

/** Stable, so what arrived first comes first among equals. */
function inOrder(arrived: readonly Timed<Trip>[], compare: (a: Timed<Trip>, b: Timed<Trip>) => number): Trip[] {
  return [...arrived].sort(compare).map(({ value }) => value)
}
const byTime = (a: Timed<Trip>, b: Timed<Trip>): number => a.timestamp - b.timestamp
const byFareDown = (a: Timed<Trip>, b: Timed<Trip>): number => b.value.fare - a.value.fare || byTime(a, b)
const byFareUp = (a: Timed<Trip>, b: Timed<Trip>): number => a.value.fare - b.value.fare || byTime(a, b)

describeLaws('first', first<Trip>(), { values: trips, expected: (arrived) => inOrder(arrived, byTime)[0]! })
describeLaws('last', last<Trip>(), { values: trips, expected: (arrived) => inOrder(arrived, byTime).at(-1)! })
describeLaws(
  'first of a field',
  first((trip: Trip) => trip.id),
  {
    values: trips,
    expected: (arrived) => inOrder(arrived, byTime)[0]!.id,
  },
)
describeLaws(
  'last of a field',
  last((trip: Trip) => trip.id),
  {
    values: trips,
    expected: (arrived) => inOrder(arrived, byTime).at(-1)!.id,
  },
)
describeLaws('minBy', minBy(fareOf), { values: trips, expected: (arrived) => inOrder(arrived, byFareUp)[0]! })
describeLaws('maxBy', maxBy(fareOf), { values: trips, expected: (arrived) => inOrder(arrived, byFareDown)[0]! })
for (const n of [1, 3, 100]) {
  describeLaws(`topN(${n})`, topN(n, { by: fareOf }), {
    values: trips,
    expected: (arrived) => inOrder(arrived, byFareDown).slice(0, n),
  })
}
describeLaws('topN of a field', topN(4, { by: fareOf, select: (trip: Trip) => trip.id }), {
  values: trips,
  expected: (arrived) =>
    inOrder(arrived, byFareDown)
      .slice(0, 4)
      .map((trip) => trip.id),
})

describe('first and last', () => {
  const arrived = ['a', 'b', 'c'].map((value) => ({ value, timestamp: 5 }))

  it('of equal event times take the first and the last arrival', () => {
    expect(addAll(first<string>(), arrived)).toEqual({ timestamp: 5, value: 'a' })
    expect(addAll(last<string>(), arrived)).toEqual({ timestamp: 5, value: 'c' })
  })

  it('keep undefined where that is what the selector gives', () => {
    const tip = first((trip: { readonly tip?: number }) => trip.tip)
    expect(tip.result(tip.add(tip.create(), {}, 0))).toBeUndefined()
  })

  it('refuse what cannot be stored', () => {
    for (const build of [first, last]) {
      refusesValues(
        (selector) => build(selector),
        [
          [Promise.resolve('a'), 'a promise'],
          [() => 'a', 'a function'],
          [Symbol('a'), 'a symbol'],
        ],
      )
      refusesSetting(() => build('id' as never), `${build.name}: the selector must be a function, found "id"`)
    }
  })
})

describe('what has no result without a value', () => {
  it('says so', () => {
    const kept: readonly AnyAggregate<Trip>[] = [first(), last(), minBy(fareOf), maxBy(fareOf)]
    for (const aggregate of kept) {
      const error = thrownBy(() => aggregate.result(aggregate.create()))
      expect(error.code).toBe('AGGREGATE_EMPTY')
      expect(error.message).toContain(aggregate.kind)
    }
  })
})

describe('topN, minBy and maxBy', () => {
  it('refuse a rank that is no number', () => {
    refusesValues((by) => topN(3, { by }), NO_NUMBERS)
    refusesValues(minBy, NO_NUMBERS)
    refusesValues(maxBy, NO_NUMBERS)
  })

  it('refuse settings that cannot work', () => {
    for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      refusesSetting(() => topN(n, { by: fareOf }), `topN: n must be an integer of at least 1, found ${n}`)
    }
    refusesSetting(() => topN('3' as never, { by: fareOf }), 'topN: n must be an integer of at least 1, found "3"')
    refusesSetting(() => topN(3, {} as never), 'topN(3): by must be a function, found undefined')
    refusesSetting(
      () => topN(3, { by: fareOf, select: 'id' as never }),
      'topN(3): select must be a function, found "id"',
    )
    refusesSetting(() => maxBy('fare' as never), 'maxBy: by must be a function, found "fare"')
  })

  it('take infinities', () => {
    const fares = [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const arrived = fares.map((fare) => ({ value: { id: String(fare), fare }, timestamp: 0 }))
    const top = topN(3, { by: fareOf, select: (trip: Trip) => trip.id })
    expect(top.result(addAll(top, arrived))).toEqual(['Infinity', '1', '-Infinity'])
  })

  it('keeps no more than n of many values', () => {
    const top = topN(5, { by: (value: number) => value })
    const many = Array.from({ length: 2000 }, (_, i) => ({ value: (i * 7919) % 2003, timestamp: i }))
    const accumulator = addAll(top, many)
    expect(accumulator.values).toHaveLength(5)
    expect(top.result(accumulator)).toEqual(
      many
        .map(({ value }) => value)
        .sort((a, b) => b - a)
        .slice(0, 5),
    )
  })
})
