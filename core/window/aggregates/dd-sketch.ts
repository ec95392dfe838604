import { addToBucket, type Buckets, countIn, mergeBuckets } from './buckets.js'

/**
 * DDSketch: quantiles with a bound on the relative error (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile
 * Sketch with Relative-Error Guarantees", PVLDB 12, 2019).
 *
 * Bucket `i` counts the values in (gamma^(i-1), gamma^i], gamma = (1 + e) / (1 - e), and answers with 2 gamma^i / (gamma + 1),
 * which is within e of each of them. Negative values are counted by magnitude in buckets of their own.
 */
export interface DDSketch {
  /** Exact; answers are kept between them. */
  min: number
  max: number
  zeros: number
  positive: Buckets | null
  negative: Buckets | null
}

export interface DDSketchScale {
  readonly inverseLogGamma: number
  readonly logGamma: number
  /** log(2 / (gamma + 1)) */
  readonly logMiddle: number
  readonly limit: number
}

/** How far below the largest magnitude the error bound reaches, whatever the error asked for. */
const COVERED_ORDERS_OF_MAGNITUDE = 18

/** Magnitudes below it, the subnormal numbers, lack the digits that a relative error needs: they count as 0. */
const SMALLEST_MAGNITUDE = 2.2250738585072014e-308

export function ddSketchScale(relativeError: number): DDSketchScale {
  const logGamma = Math.log1p((2 * relativeError) / (1 - relativeError))
  return {
    logGamma,
    inverseLogGamma: 1 / logGamma,
    logMiddle: Math.log(2 / (Math.exp(logGamma) + 1)),
    limit: Math.ceil((COVERED_ORDERS_OF_MAGNITUDE * Math.LN10) / logGamma),
  }
}

export function createDDSketch(): DDSketch {
  return { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, zeros: 0, positive: null, negative: null }
}

export function addToDDSketch(sketch: DDSketch, value: number, scale: DDSketchScale): void {
  if (value < sketch.min) sketch.min = value
  if (value > sketch.max) sketch.max = value
  if (value >= SMALLEST_MAGNITUDE) {
    sketch.positive ??= { offset: 0, counts: [] }
    addToBucket(sketch.positive, Math.ceil(Math.log(value) * scale.inverseLogGamma), 1, scale.limit)
  } else if (value <= -SMALLEST_MAGNITUDE) {
    sketch.negative ??= { offset: 0, counts: [] }
    addToBucket(sketch.negative, Math.ceil(Math.log(-value) * scale.inverseLogGamma), 1, scale.limit)
  } else {
    sketch.zeros += 1
  }
}

export function mergeDDSketch(left: DDSketch, right: DDSketch, scale: DDSketchScale): void {
  if (right.min < left.min) left.min = right.min
  if (right.max > left.max) left.max = right.max
  left.zeros += right.zeros
  if (right.positive !== null) {
    left.positive ??= { offset: 0, counts: [] }
    mergeBuckets(left.positive, right.positive, scale.limit)
  }
  if (right.negative !== null) {
    left.negative ??= { offset: 0, counts: [] }
    mergeBuckets(left.negative, right.negative, scale.limit)
  }
}

/** The value of rank floor(q (n - 1)), counted from 0 in ascending order; NaN when there is none. */
export function quantileOf(sketch: DDSketch, q: number, scale: DDSketchScale): number {
  const negatives = sketch.negative === null ? 0 : countIn(sketch.negative)
  const positives = sketch.positive === null ? 0 : countIn(sketch.positive)
  const total = negatives + sketch.zeros + positives
  if (total === 0) return Number.NaN
  const rank = Math.floor(q * (total - 1))
  if (rank === 0) return sketch.min
  if (rank === total - 1) return sketch.max
  let estimate = 0
  if (rank < negatives) {
    // The most negative value has the largest magnitude: ascending order starts at the top bucket.
    estimate = -middleOf(bucketAt(sketch.negative!, negatives - 1 - rank), scale)
  } else if (rank >= negatives + sketch.zeros) {
    estimate = middleOf(bucketAt(sketch.positive!, rank - negatives - sketch.zeros), scale)
  }
  return Math.min(Math.max(estimate, sketch.min), sketch.max)
}

function middleOf(index: number, scale: DDSketchScale): number {
  return Math.exp(index * scale.logGamma + scale.logMiddle)
}

/** The index of the bucket that holds the value of this rank, counted from the lowest bucket. */
function bucketAt(buckets: Buckets, rank: number): number {
  let below = 0
  let at = 0
  while (at < buckets.counts.length - 1) {
    below += buckets.counts[at]!
    if (below > rank) break
    at += 1
  }
  return buckets.offset + at
}
