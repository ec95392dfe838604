import type { Aggregate } from '../aggregate.js'
import { emptyAccumulator, requireFunction } from './invalid.js'
import { orderedNumber } from './values.js'

/** The value kept, what it was measured by, and its event time; `null` before the first value. */
export type ScoredValue<V> = { score: number; timestamp: number; value: V } | null

/**
 * The value with the smallest `by`; of several, the one with the earlier event time, then the one that arrived first.
 * Infinities count.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when `by` returns NaN or no number.
 */
export function minBy<T>(by: (value: T) => number): Aggregate<T, ScoredValue<T>, T> {
  return extremeBy('minBy', by, -1)
}

/**
 * The value with the largest `by`; of several, the one with the earlier event time, then the one that arrived first.
 * Infinities count.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when `by` returns NaN or no number.
 */
export function maxBy<T>(by: (value: T) => number): Aggregate<T, ScoredValue<T>, T> {
  return extremeBy('maxBy', by, 1)
}

/** Keeps the largest of `sign * by`. */
function extremeBy<T>(kind: string, by: (value: T) => number, sign: 1 | -1): Aggregate<T, ScoredValue<T>, T> {
  requireFunction(kind, 'by', by)
  function keep(kept: ScoredValue<T>, score: number, timestamp: number, value: T): ScoredValue<T> {
    if (kept === null) return { score, timestamp, value }
    if (score > kept.score || (score === kept.score && timestamp < kept.timestamp)) {
      kept.score = score
      kept.timestamp = timestamp
      kept.value = value
    }
    return kept
  }
  return Object.freeze({
    kind,
    create: () => null,
    add: (kept: ScoredValue<T>, value: T, timestamp: number) =>
      keep(kept, sign * orderedNumber(kind, by(value)), timestamp, value),
    merge: (left: ScoredValue<T>, right: ScoredValue<T>) =>
      right === null ? left : keep(left, right.score, right.timestamp, right.value),
    result(kept: ScoredValue<T>) {
      if (kept === null) throw emptyAccumulator(kind)
      return kept.value
    },
  })
}
