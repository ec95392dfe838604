// Checked by the compiler alone (tsconfig.json includes test/): nothing here runs.
import { expectTypeOf } from 'vitest'
import type { Aggregate } from '../../core/window/aggregate.js'
import {
  type AnyAggregate,
  aggregate,
  approximateDistinct,
  collect,
  combine,
  count,
  distinct,
  first,
  last,
  max,
  maxBy,
  mean,
  min,
  minBy,
  quantile,
  type Results,
  sum,
  topN,
} from '../../core/window/aggregates/index.js'

interface Trip {
  readonly fare: number
  readonly cab: string
  readonly tip?: number
  readonly paid: 'cash' | 'card'
  readonly pickup: { readonly lat: number; readonly lon: number }
}

/** The shape in which a windowed stream takes aggregates. */
declare const window: {
  aggregate<As extends Readonly<Record<string, AnyAggregate<Trip>>>>(id: string, aggregates: As): Results<As>
}

const built = window.aggregate('built-in', {
  count: count(),
  sum: sum((trip) => trip.fare),
  mean: mean((trip) => trip.fare),
  min: min((trip) => trip.fare),
  max: max((trip) => trip.fare),
  first: first(),
  firstCab: first((trip) => trip.cab),
  last: last(),
  lastTip: last((trip) => trip.tip),
  minBy: minBy((trip) => trip.fare),
  maxBy: maxBy((trip) => trip.fare),
  topN: topN(3, { by: (trip) => trip.fare }),
  topCabs: topN(3, { by: (trip) => trip.fare, select: (trip) => trip.cab }),
  distinct: distinct((trip) => trip.paid),
  collect: collect(),
  fares: collect((trip) => trip.fare),
  median: quantile((trip) => trip.fare, 0.5),
  tails: quantile((trip) => trip.fare, [0.5, 0.99], { relativeError: 0.001 }),
  cabs: approximateDistinct((trip) => trip.cab, { precision: 12 }),
})
expectTypeOf(built).toEqualTypeOf<{
  count: number
  sum: number
  mean: number
  min: number
  max: number
  first: Trip
  firstCab: string
  last: Trip
  lastTip: number | undefined
  minBy: Trip
  maxBy: Trip
  topN: Trip[]
  topCabs: string[]
  distinct: ('cash' | 'card')[]
  collect: Trip[]
  fares: number[]
  median: number
  tails: [number, number]
  cabs: number
}>()

const custom = window.aggregate('custom', {
  arrows: aggregate({
    kind: 'arrows',
    create: () => ({ total: 0 }),
    add: (kept, trip) => ({ total: kept.total + trip.fare }),
    merge: (left, right) => ({ total: left.total + right.total }),
    result: (kept) => kept.total,
  }),
  methods: aggregate({
    kind: 'methods',
    create() {
      return 0
    },
    add(kept, trip, timestamp) {
      return kept + trip.fare * timestamp
    },
    merge(left, right) {
      return left + right
    },
    result(kept) {
      return String(kept)
    },
    retract(kept, trip) {
      return kept - trip.fare
    },
  }),
  nested: combine({ mean: mean((trip) => trip.fare), count: count() }),
})
expectTypeOf(custom).toEqualTypeOf<{ arrows: number; methods: string; nested: { mean: number; count: number } }>()

// On its own an aggregate takes its type from its selector.
expectTypeOf(mean((trip: Trip) => trip.fare).add)
  .parameter(1)
  .toEqualTypeOf<Trip>()
expectTypeOf(
  aggregate({
    kind: 'longest',
    create: () => '',
    add: (longest, word: string) => (word.length > longest.length ? word : longest),
    merge: (left, right) => (right.length > left.length ? right : left),
    result: (longest) => longest.length,
  }),
).toEqualTypeOf<Aggregate<string, string, number>>()

const standalone = combine({
  mean: mean((trip: Trip) => trip.fare),
  cabs: collect((trip: { cab: string }) => trip.cab),
})
expectTypeOf(standalone.result).returns.toEqualTypeOf<{ mean: number; cabs: string[] }>()
// A value must suit every selector.
expectTypeOf<{ fare: number }>().not.toExtend<Parameters<typeof standalone.add>[1]>()
expectTypeOf<Trip>().toExtend<Parameters<typeof standalone.add>[1]>()

// Any aggregate of a base is one of what extends it, not the other way round.
expectTypeOf<Aggregate<unknown, number, number>>().toExtend<AnyAggregate<Trip>>()
expectTypeOf<Aggregate<Trip, number, number>>().not.toExtend<AnyAggregate<unknown>>()

// @ts-expect-error an object where a number is wanted
window.aggregate('a', { bad: mean((trip) => trip.pickup) })
// @ts-expect-error a field that may be missing
window.aggregate('b', { bad: sum((trip) => trip.tip) })
// @ts-expect-error a field that does not exist
window.aggregate('c', { bad: max((trip) => trip.nope) })
// @ts-expect-error a promise
window.aggregate('d', { bad: min(async (trip) => trip.fare) })
// @ts-expect-error an object cannot be told apart from another
window.aggregate('e', { bad: distinct((trip) => trip.pickup) })
// @ts-expect-error nor counted
window.aggregate('f', { bad: approximateDistinct((trip) => trip.pickup) })
// @ts-expect-error topN needs to know by what
window.aggregate('g', { bad: topN(3, {}) })
// @ts-expect-error an aggregate of something else
window.aggregate('h', { bad: sum((word: string) => word.length) })
// @ts-expect-error the accumulator of add is what create makes
aggregate({ kind: 'x', create: () => 0, add: () => 'text', merge: (left) => left, result: (kept) => kept })
// @ts-expect-error inside combine as outside
combine<Trip, { bad: Aggregate<Trip, unknown, number> }>({ bad: mean((trip) => trip.pickup) })
