import type { Aggregate } from '../aggregate.js'
import { requireFunction } from './invalid.js'
import { orderedNumber } from './values.js'

/**
 * The smallest `selector` of the values. Infinities count, NaN is refused; Infinity for no values.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns NaN or no number.
 */
export function min<T>(selector: (value: T) => number): Aggregate<T, number, number> {
  requireFunction('min', 'the selector', selector)
  return Object.freeze({
    kind: 'min',
    create: () => Number.POSITIVE_INFINITY,
    add: (least: number, value: T) => Math.min(least, orderedNumber('min', selector(value))),
    merge: (left: number, right: number) => Math.min(left, right),
    result: (least: number) => least,
  })
}

/**
 * The largest `selector` of the values. Infinities count, NaN is refused; -Infinity for no values.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns NaN or no number.
 */
export function max<T>(selector: (value: T) => number): Aggregate<T, number, number> {
  requireFunction('max', 'the selector', selector)
  return Object.freeze({
    kind: 'max',
    create: () => Number.NEGATIVE_INFINITY,
    add: (greatest: number, value: T) => Math.max(greatest, orderedNumber('max', selector(value))),
    merge: (left: number, right: number) => Math.max(left, right),
    result: (greatest: number) => greatest,
  })
}
