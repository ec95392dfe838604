import type { Aggregate } from '../aggregate.js'
import { addToDDSketch, createDDSketch, type DDSketch, ddSketchScale, mergeDDSketch, quantileOf } from './dd-sketch.js'
import { invalidSetting, requireFunction } from './invalid.js'
import { finiteNumber } from './values.js'

export interface QuantileOptions {
  /** How far an answer may be from the true value, as a fraction of it: 0.01 (the default) is one per cent. */
  readonly relativeError?: number
}

/** One number for one quantile, a list in the same order for a list. */
export type Quantiles<Q> = Q extends readonly unknown[] ? { -readonly [I in keyof Q]: number } : number

/** Below it the sketch would no longer be small. */
const SMALLEST_RELATIVE_ERROR = 1e-4

/**
 * The quantile `q`, or a list of them: the value of rank floor(q (n - 1)) in ascending order, so 0.5 is the (lower) median, 0
 * the minimum and 1 the maximum, which are exact. Computed with a DDSketch, which merges without loss.
 *
 * Each answer is within `relativeError` of the true value, as long as that value is at most 18 orders of magnitude smaller
 * than the largest one of its sign; nearer to zero, the answer is one of at least that smallest magnitude. Subnormal
 * numbers count as 0, NaN and infinities are refused; NaN for no values. The state takes about a kilobyte for each order
 * of magnitude that the values span, and some 50 kB at most (10 times that at an error of 0.001).
 * @throws TidemarkError AGGREGATE_SETTING_INVALID unless 0 <= q <= 1 and 0.0001 <= relativeError <= 0.5;
 * AGGREGATE_VALUE_INVALID when the selector returns anything but a finite number.
 */
export function quantile<T, const Q extends number | readonly number[]>(
  selector: (value: T) => number,
  q: Q,
  options?: QuantileOptions,
): Aggregate<T, DDSketch, Quantiles<Q>>
export function quantile<T>(
  selector: (value: T) => number,
  q: number | readonly number[],
  { relativeError = 0.01 }: QuantileOptions = {},
): Aggregate<T, DDSketch, unknown> {
  requireFunction('quantile', 'the selector', selector)
  requireQuantiles(q)
  if (typeof relativeError !== 'number' || !(relativeError >= SMALLEST_RELATIVE_ERROR && relativeError <= 0.5)) {
    throw invalidSetting('quantile', `relativeError must be from ${SMALLEST_RELATIVE_ERROR} to 0.5`, relativeError)
  }
  const kind = `quantile(${typeof q === 'number' ? q : `[${q.join(', ')}]`}, ${relativeError})`
  const scale = ddSketchScale(relativeError)
  const wanted = typeof q === 'number' ? q : [...q]
  return Object.freeze({
    kind,
    create: createDDSketch,
    add(sketch: DDSketch, value: T) {
      addToDDSketch(sketch, finiteNumber(kind, selector(value)), scale)
      return sketch
    },
    merge(left: DDSketch, right: DDSketch) {
      mergeDDSketch(left, right, scale)
      return left
    },
    result: (sketch: DDSketch) =>
      typeof wanted === 'number'
        ? quantileOf(sketch, wanted, scale)
        : wanted.map((each) => quantileOf(sketch, each, scale)),
  })
}

function requireQuantiles(q: number | readonly number[]): void {
  if (Array.isArray(q) && q.length === 0) throw invalidSetting('quantile', 'at least one quantile is needed', q)
  for (const each of Array.isArray(q) ? q : [q]) {
    if (!(typeof each === 'number' && each >= 0 && each <= 1)) {
      throw invalidSetting('quantile', 'a quantile must be a number from 0 to 1', each)
    }
  }
}
