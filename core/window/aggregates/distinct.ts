import type { Aggregate } from '../aggregate.js'
import { requireFunction } from './invalid.js'
import type { Scalar } from './types.js'
import { scalar } from './values.js'

/**
 * The different values of `selector`, exactly, in the order in which each first arrived (of merged parts: the left
 * part's, then what is new in the right one). 1, '1' and 1n differ; -0 is 0. All of them are kept as state: where only
 * their number matters, `approximateDistinct` takes a few kilobytes.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID for anything but strings, numbers, bigints and booleans, and for NaN.
 */
export function distinct<T, V extends Scalar>(selector: (value: T) => V): Aggregate<T, Set<V>, V[]> {
  requireFunction('distinct', 'the selector', selector)
  return Object.freeze({
    kind: 'distinct',
    create: () => new Set<V>(),
    add: (seen: Set<V>, value: T) => seen.add(scalar('distinct', selector(value))),
    merge(left: Set<V>, right: Set<V>) {
      for (const value of right) left.add(value)
      return left
    },
    result: (seen: Set<V>) => [...seen],
  })
}
