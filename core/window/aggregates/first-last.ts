import type { PlainResult } from '../../no-promise.js'
import type { Aggregate } from '../aggregate.js'
import { emptyAccumulator, requireFunction } from './invalid.js'
import { storable } from './values.js'

/** A value and its event time; `null` before the first value. */
export type TimedValue<V> = { timestamp: number; value: V } | null

/** The value with the earliest event time; of several, the one that arrived first. */
export function first<T>(): Aggregate<T, TimedValue<T>, T>
/**
 * `selector` of the value with the earliest event time; of several, the one that arrived first.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns a function or a symbol,
 * USER_FUNCTION_RETURNED_PROMISE when it returns a promise.
 */
export function first<T, V>(selector: (value: T) => V & PlainResult<V>): Aggregate<T, TimedValue<V>, V>
export function first<T>(selector: (value: T) => unknown = itself): Aggregate<T, TimedValue<unknown>, unknown> {
  return earliestOrLatest('first', selector, (found, kept) => found < kept)
}

/** The value with the latest event time; of several, the one that arrived last. */
export function last<T>(): Aggregate<T, TimedValue<T>, T>
/**
 * `selector` of the value with the latest event time; of several, the one that arrived last.
 * @throws TidemarkError AGGREGATE_VALUE_INVALID when the selector returns a function or a symbol,
 * USER_FUNCTION_RETURNED_PROMISE when it returns a promise.
 */
export function last<T, V>(selector: (value: T) => V & PlainResult<V>): Aggregate<T, TimedValue<V>, V>
export function last<T>(selector: (value: T) => unknown = itself): Aggregate<T, TimedValue<unknown>, unknown> {
  return earliestOrLatest('last', selector, (found, kept) => found >= kept)
}

function itself(value: unknown): unknown {
  return value
}

/** `replaces` compares the timestamps of what arrives (or of the right side of a merge) and of what is kept. */
function earliestOrLatest<T>(
  kind: string,
  selector: (value: T) => unknown,
  replaces: (found: number, kept: number) => boolean,
): Aggregate<T, TimedValue<unknown>, unknown> {
  requireFunction(kind, 'the selector', selector)
  return Object.freeze({
    kind,
    create: () => null,
    add(kept: TimedValue<unknown>, value: T, timestamp: number) {
      if (kept === null) return { timestamp, value: storable(kind, selector(value)) }
      if (replaces(timestamp, kept.timestamp)) {
        kept.value = storable(kind, selector(value))
        kept.timestamp = timestamp
      }
      return kept
    },
    merge(left: TimedValue<unknown>, right: TimedValue<unknown>) {
      if (right === null) return left
      if (left === null) return { timestamp: right.timestamp, value: right.value }
      if (replaces(right.timestamp, left.timestamp)) {
        left.timestamp = right.timestamp
        left.value = right.value
      }
      return left
    },
    result(kept: TimedValue<unknown>) {
      if (kept === null) throw emptyAccumulator(kind)
      return kept.value
    },
  })
}
