import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Aggregate } from '../../../../core/window/aggregate.js'
import {
  type AnyAggregate,
  aggregate,
  collect,
  combine,
  count,
  distinct,
  first,
  max,
  mean,
  sum,
  topN,
} from '../../../../core/window/aggregates/index.js'
import { describeLaws, type Timed } from './laws.js'
import { refusesSetting, returning, thrownBy } from './refusals.js'

interface Trip {
  readonly fare: number
  readonly cab: string
}
const trips: fc.Arbitrary<Trip> = fc.record({
  fare: fc.integer({ min: 0, max: 9 }),
  cab: fc.constantFrom('a', 'b', 'c'),
})
const fares = (arrived: readonly Timed<Trip>[]): number[] => arrived.map(({ value }) => value.fare)
const fareSum = (arrived: readonly Timed<Trip>[]): number => fares(arrived).reduce((a, b) => a + b, 0)

describeLaws('combine of one', combine({ pickups: count() }), {
  values: trips,
  expected: (arrived) => ({ pickups: arrived.length }),
})
describeLaws('combine of two', combine({ pickups: count(), meanFare: mean((trip: Trip) => trip.fare) }), {
  values: trips,
  expected: (arrived) => ({ pickups: arrived.length, meanFare: fareSum(arrived) / arrived.length }),
})
describeLaws(
  'combine of many, one of them a combination',
  combine({
    total: sum((trip: Trip) => trip.fare),
    cabs: distinct((trip: Trip) => trip.cab),
    fares: collect((trip: Trip) => trip.fare),
    best: topN(2, { by: (trip: Trip) => trip.fare, select: (trip) => trip.fare }),
    inner: combine({ pickups: count(), highest: max((trip: Trip) => trip.fare) }),
  }),
  {
    values: trips,
    expected: (arrived) => ({
      total: fareSum(arrived),
      cabs: [...new Set(arrived.map(({ value }) => value.cab))],
      fares: fares(arrived),
      best: fares(arrived)
        .sort((a, b) => b - a)
        .slice(0, 2),
      inner: { pickups: arrived.length, highest: Math.max(...fares(arrived)) },
    }),
  },
)

const three = { b: count(), a: sum((trip: Trip) => trip.fare), 'mean fare': mean((trip: Trip) => trip.fare) }

describe('combine', () => {
  it('names fields and kinds in its own kind, so that no two are confused', () => {
    expect(combine(three).kind).toBe('{ b: count, a: sum, "mean fare": mean }')
    expect(combine({ 'a: count, b': count() }).kind).not.toBe(combine({ a: count(), b: count() }).kind)
  })

  it('keeps the accumulators, and gives the fields, in the order of the record', () => {
    const combined = combine(three)
    const accumulator = combined.add(combined.create(), { fare: 4, cab: 'a' }, 0)
    expect(accumulator).toEqual([1, 4, { sum: 4, count: 1 }])
    expect(Object.keys(combined.result(accumulator))).toEqual(['b', 'a', 'mean fare'])
  })

  it('retracts if, and only if, all fields can', () => {
    const distance = aggregate({
      kind: 'distance',
      create: () => 0,
      add: (kept, trip: Trip) => kept + trip.fare,
      merge: (left, right) => left + right,
      result: (kept) => kept,
      retract: (kept, trip) => kept - trip.fare,
    })
    const both = combine({ pickups: count(), distance })
    fc.assert(
      fc.property(fc.array(trips), trips, (kept, dropped) => {
        let accumulator = both.create()
        for (const trip of [dropped, ...kept]) accumulator = both.add(accumulator, trip, 0)
        accumulator = both.retract!(accumulator, dropped, 0)
        expect(both.result(accumulator)).toEqual({
          pickups: kept.length,
          distance: kept.reduce((total, trip) => total + trip.fare, 0),
        })
      }),
    )
    expect(combine({ pickups: count(), total: sum((trip: Trip) => trip.fare) })).not.toHaveProperty('retract')
  })

  it('names the field whose selector returned the wrong thing, wherever it stands', () => {
    const bad = mean(returning(undefined))
    const records: Record<string, AnyAggregate<unknown>>[] = [
      { bad },
      { bad, n: count() },
      { n: count(), bad },
      { n: count(), m: count(), bad },
    ]
    for (const record of records) {
      const combined = combine(record)
      const error = thrownBy(() => combined.add(combined.create(), {}, 0))
      expect(error).toMatchObject({ code: 'AGGREGATE_VALUE_INVALID', domain: 'user' })
      expect(error.message).toMatch(
        /^field bad: mean: the selector must return a finite number, but returned undefined/,
      )
    }
    const nested = combine({ outer: combine({ 'in ner': bad }) })
    expect(thrownBy(() => nested.add(nested.create(), {}, 0)).message).toMatch(/^field outer: field "in ner": mean: /)
  })

  it('passes on what a selector throws as it is', () => {
    const thrown = new RangeError('mine')
    const combined = combine({
      n: count(),
      bad: sum(() => {
        throw thrown
      }),
    })
    expect(() => combined.add(combined.create(), {}, 0)).toThrow(thrown)
  })

  it('refuses an empty record, and fields that are no aggregates', () => {
    refusesSetting(() => combine({}), 'combine: at least one aggregate is needed, found "an empty record"')
    refusesSetting(
      () => combine({ n: count as never }),
      'combine: field n must be an aggregate, such as count(), found a function',
    )
    refusesSetting(
      () => combine({ n: undefined as never }),
      'combine: field n must be an aggregate, such as count(), found undefined',
    )
    refusesSetting(() => combine({ ['__proto__']: count() }), 'combine: a field needs another name, found "__proto__"')
  })
})

describe('aggregate', () => {
  const longest = {
    kind: 'longest',
    create: () => '',
    add: (kept: string, word: string) => (word.length > kept.length ? word : kept),
    merge: (left: string, right: string) => (right.length > left.length ? right : left),
    result: (kept: string) => kept,
  }

  describeLaws('longest, an own aggregate', aggregate(longest), {
    values: fc.string(),
    expected: (arrived) => arrived.reduce((kept, { value }) => (value.length > kept.length ? value : kept), ''),
  })

  it('refuses what is no whole definition', () => {
    refusesSetting(
      () => aggregate({ ...longest, kind: '' }),
      'aggregate: kind must be a text that names the aggregate and its settings, found ""',
    )
    for (const name of ['create', 'add', 'merge', 'result']) {
      refusesSetting(
        () => aggregate({ ...longest, [name]: undefined }),
        `longest: ${name} must be a function, found undefined`,
      )
    }
    refusesSetting(() => aggregate({ ...longest, retract: 1 as never }), 'longest: retract must be a function, found 1')
    refusesSetting(
      () => aggregate({ ...longest, create: () => undefined as never }),
      'longest: create must return the accumulator, plain data, found undefined',
    )
    refusesSetting(
      () =>
        aggregate({
          kind: 'slow',
          create: (async () => 0) as () => never,
          add: (kept) => kept,
          merge: (left) => left,
          result: (kept) => kept,
        }),
      'slow: create must return the accumulator, plain data, found a promise',
    )
  })

  it('takes an instance of a class, alone and in a record', () => {
    class Steps implements Aggregate<unknown, number, number> {
      readonly kind = 'steps'
      readonly step = 2
      create(): number {
        return 0
      }
      add(kept: number): number {
        return kept + this.step
      }
      merge(left: number, right: number): number {
        return left + right
      }
      result(kept: number): number {
        return kept
      }
    }
    const steps = aggregate(new Steps())
    for (const record of [{ steps }, { steps, f: first() }, { steps, f: first(), n: count() }]) {
      const combined = combine<string, typeof record>(record)
      expect(combined.result(combined.add(combined.create(), 'x', 0))).toMatchObject({ steps: 2 })
    }
  })
})
