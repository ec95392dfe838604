import type { Aggregate } from '../aggregate.js'
import { requireFunction } from './invalid.js'
import { finiteNumber } from './values.js'

/**
 * The sum of `selector` over the values, by plain floating-point addition: exact while all partial sums are integers up
 * to 2^53, else rounded at each step, in the order of arrival. NaN and infinities are refused; 0 for no values.
 *
 * It has no `retract`: subtracting does not undo a rounded addition (1e16 + 1 - 1e16 is 0).
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns anything but a finite number.
 */
export function sum<T>(selector: (value: T) => number): Aggregate<T, number, number> {
  requireFunction('sum', 'the selector', selector)
  return Object.freeze({
    kind: 'sum',
    create: () => 0,
    add: (total: number, value: T) => total + finiteNumber('sum', selector(value)),
    merge: (left: number, right: number) => left + right,
    result: (total: number) => total,
  })
}
