import type { PlainResult } from '../../no-promise.js'
import type { Aggregate } from '../aggregate.js'
import { requireFunction } from './invalid.js'
import { storable } from './values.js'

/**
 * All values, in the order of arrival; of merged parts, the left part's before the right one's (a sliding window merges
 * its slices in the order of event time). All of them are kept as state.
 */
export function collect<T>(): Aggregate<T, T[], T[]>
/**
 * `selector` of all values, in the order of arrival; of merged parts, the left part's before the right one's (a sliding
 * window merges its slices in the order of event time). All of them are kept as state.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns a function or a symbol,
 * USER_FUNCTION_RETURNED_PROMISE when it returns a promise.
 */
export function collect<T, V>(selector: (value: T) => V & PlainResult<V>): Aggregate<T, V[], V[]>
export function collect<T>(selector?: (value: T) => unknown): Aggregate<T, unknown[], unknown[]> {
  if (selector !== undefined) requireFunction('collect', 'the selector', selector)
  return Object.freeze({
    kind: 'collect',
    create: () => [],
    add(values: unknown[], value: T) {
      values.push(selector === undefined ? value : storable('collect', selector(value)))
      return values
    },
    merge(left: unknown[], right: unknown[]) {
      // Not push(...right): a spread of many arguments overflows the stack.
      for (const value of right) left.push(value)
      return left
    },
    result: (values: unknown[]) => values.slice(),
  })
}
