import type { PlainResult } from '../../no-promise.js'
import { requireKnownOptions } from '../../options.js'
import type { Aggregate } from '../aggregate.js'
import { invalidSetting, requireFunction } from './invalid.js'
import { orderedNumber, storable } from './values.js'

/** Three columns of one table, best row first. */
export interface TopNAccumulator<V> {
  scores: number[]
  timestamps: number[]
  values: V[]
}

export interface TopNOptions<T> {
  /** What the values are ordered by, largest first. For the smallest, negate it. */
  readonly by: (value: T) => number
}

export interface TopNSelectOptions<T, V> extends TopNOptions<T> {
  /** What to keep of each value; less to keep is less state. */
  readonly select: (value: T) => V & PlainResult<V>
}

// Before the other overload, which any options with `by` fit: `select` would go untyped.
/**
 * `select` of the `n` values with the largest `by`, in descending order; equal ones by earlier event time, then by
 * arrival. Infinities count. State and the cost of an addition that makes it into the list grow with `n`.
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError AGGREGATE_SETTING_INVALID unless `n` is a positive integer; AGGREGATE_VALUE_INVALID when `by`
 * returns NaN or no number, or `select` a function or a symbol; USER_FUNCTION_RETURNED_PROMISE when one returns a promise.
 */
export function topN<T, V>(n: number, options: TopNSelectOptions<T, V>): Aggregate<T, TopNAccumulator<V>, V[]>
/**
 * The `n` values with the largest `by`, in descending order; equal ones by earlier event time, then by arrival.
 * Infinities count. State and the cost of an addition that makes it into the list grow with `n`.
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError AGGREGATE_SETTING_INVALID unless `n` is a positive integer;
 * AGGREGATE_VALUE_INVALID when `by` returns NaN or no number, USER_FUNCTION_RETURNED_PROMISE when it returns a promise.
 */
export function topN<T>(n: number, options: TopNOptions<T>): Aggregate<T, TopNAccumulator<T>, T[]>
export function topN<T>(
  n: number,
  options: TopNOptions<T> & { readonly select?: (value: T) => unknown },
): Aggregate<T, TopNAccumulator<unknown>, unknown[]> {
  if (!Number.isSafeInteger(n) || n < 1) throw invalidSetting('topN', 'n must be an integer of at least 1', n)
  const kind = `topN(${n})`
  requireKnownOptions(kind, options, { by: true, select: true })
  const { by, select } = options
  requireFunction(kind, 'by', by)
  if (select !== undefined) requireFunction(kind, 'select', select)
  return Object.freeze({
    kind,
    create: () => ({ scores: [], timestamps: [], values: [] }),
    add(top: TopNAccumulator<unknown>, value: T, timestamp: number) {
      const score = orderedNumber(kind, by(value))
      const rank = rankOf(top, score, timestamp)
      if (rank < n) insert(top, n, { rank, score, timestamp, value: select ? storable(kind, select(value)) : value })
      return top
    },
    merge: (left: TopNAccumulator<unknown>, right: TopNAccumulator<unknown>) => mergeTop(left, right, n),
    result: (top: TopNAccumulator<unknown>) => top.values.slice(),
  })
}

function isBefore(score: number, timestamp: number, otherScore: number, otherTimestamp: number): boolean {
  return score > otherScore || (score === otherScore && timestamp < otherTimestamp)
}

/** Where a newcomer goes: behind all rows that it is not strictly before. */
function rankOf(top: TopNAccumulator<unknown>, score: number, timestamp: number): number {
  const { scores, timestamps } = top
  let low = 0
  let high = scores.length
  // Most values of a long stream are worse than the last row: look there first.
  if (high > 0 && !isBefore(score, timestamp, scores[high - 1]!, timestamps[high - 1]!)) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(score, timestamp, scores[middle]!, timestamps[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

interface Row {
  readonly rank: number
  readonly score: number
  readonly timestamp: number
  readonly value: unknown
}

function insert(top: TopNAccumulator<unknown>, n: number, row: Row): void {
  top.scores.splice(row.rank, 0, row.score)
  top.timestamps.splice(row.rank, 0, row.timestamp)
  top.values.splice(row.rank, 0, row.value)
  if (top.scores.length > n) {
    top.scores.pop()
    top.timestamps.pop()
    top.values.pop()
  }
}

/** Merges two sorted lists; of rows that are wholly equal, those of `left` come first. */
function mergeTop(
  left: TopNAccumulator<unknown>,
  right: TopNAccumulator<unknown>,
  n: number,
): TopNAccumulator<unknown> {
  const merged: TopNAccumulator<unknown> = { scores: [], timestamps: [], values: [] }
  let l = 0
  let r = 0
  while (merged.scores.length < n && (l < left.scores.length || r < right.scores.length)) {
    const takeRight =
      l === left.scores.length ||
      (r < right.scores.length &&
        isBefore(right.scores[r]!, right.timestamps[r]!, left.scores[l]!, left.timestamps[l]!))
    const from = takeRight ? right : left
    const row = takeRight ? r++ : l++
    merged.scores.push(from.scores[row]!)
    merged.timestamps.push(from.timestamps[row]!)
    merged.values.push(from.values[row])
  }
  return merged
}
