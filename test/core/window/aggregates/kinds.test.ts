import { expect, it } from 'vitest'
import type { AnyAggregate } from '../../../../core/window/aggregates/index.js'
import * as aggregates from '../../../../core/window/aggregates/index.js'

const itself = (value: number): number => value

// A kind that changes makes a job's fingerprint, and so its savepoints, foreign to the next release.
const KINDS: Readonly<Record<string, AnyAggregate<number>>> = {
  count: aggregates.count(),
  sum: aggregates.sum(itself),
  mean: aggregates.mean(itself),
  min: aggregates.min(itself),
  max: aggregates.max(itself),
  minBy: aggregates.minBy(itself),
  maxBy: aggregates.maxBy(itself),
  first: aggregates.first(),
  last: aggregates.last(itself),
  'topN(3)': aggregates.topN(3, { by: itself }),
  distinct: aggregates.distinct(itself),
  collect: aggregates.collect(),
  'quantile(0.5, 0.01)': aggregates.quantile(itself, 0.5),
  'quantile([0.5, 0.99], 0.001)': aggregates.quantile(itself, [0.5, 0.99], { relativeError: 0.001 }),
  'approximateDistinct(14)': aggregates.approximateDistinct(itself),
  'approximateDistinct(10)': aggregates.approximateDistinct(itself, { precision: 10 }),
  '{ n: count, s: sum }': aggregates.combine({ n: aggregates.count(), s: aggregates.sum(itself) }),
}

it('names an aggregate and its settings in its kind', () => {
  expect(Object.values(KINDS).map((aggregate) => aggregate.kind)).toEqual(Object.keys(KINDS))
})

it('exports the aggregates, and nothing of how they work', () => {
  expect(Object.keys(aggregates).sort()).toEqual(
    [
      ...['aggregate', 'approximateDistinct', 'collect', 'combine', 'count', 'distinct', 'first', 'last', 'max'],
      ...['maxBy', 'mean', 'min', 'minBy', 'quantile', 'sum', 'topN'],
    ].sort(),
  )
})
