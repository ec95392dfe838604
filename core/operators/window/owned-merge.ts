import type { Aggregate } from '../../window/aggregate.js'

/**
 * `merge`, with a result that shares nothing with `right`: an aggregate may return its right side as it is, and a later
 * `add` may change that in place. Values that cannot be changed need no copy.
 */
export function mergeOwned(aggregate: Aggregate<unknown, unknown, unknown>, left: unknown, right: unknown): unknown {
  const merged = aggregate.merge(left, right)
  return merged === right && typeof merged === 'object' && merged !== null ? structuredClone(merged) : merged
}

export function copyOf(aggregate: Aggregate<unknown, unknown, unknown>, accumulator: unknown): unknown {
  return mergeOwned(aggregate, aggregate.create(), accumulator)
}
