import type { Aggregate } from '../aggregate.js'
import { requireFunction } from './invalid.js'
import { finiteNumber } from './values.js'

export interface MeanAccumulator {
  sum: number
  count: number
}

/**
 * The arithmetic mean: a sum by plain floating-point addition (see `sum`), divided by the count. NaN and infinities are
 * refused; NaN for no values. It has no `retract`, for the reason that `sum` has none.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns anything but a finite number.
 */
export function mean<T>(selector: (value: T) => number): Aggregate<T, MeanAccumulator, number> {
  requireFunction('mean', 'the selector', selector)
  return Object.freeze({
    kind: 'mean',
    create: () => ({ sum: 0, count: 0 }),
    add(mean: MeanAccumulator, value: T) {
      mean.sum += finiteNumber('mean', selector(value))
      mean.count += 1
      return mean
    },
    merge(left: MeanAccumulator, right: MeanAccumulator) {
      left.sum += right.sum
      left.count += right.count
      return left
    },
    result: (mean: MeanAccumulator) => mean.sum / mean.count,
  })
}
