/**
 * How many values become one. `A`, the accumulator, is plain data (numbers, strings, booleans, bigints, arrays, plain
 * objects, Map, Set, Uint8Array, Float64Array): it is stored in checkpoints as it is.
 *
 * For any split of the values, merging the parts' accumulators gives the result of adding all values to one
 * (up to the error that the aggregate states). That is what lets the engine share work between windows.
 */
export interface Aggregate<in T, A, out R> {
  /** Names the aggregate and its settings (`count`, `quantile(0.5, 0.01)`): part of a job's fingerprint. */
  readonly kind: string
  create(): A
  /** May change `accumulator` in place; the caller uses what is returned. `timestamp` is epoch milliseconds. */
  add(accumulator: A, value: T, timestamp: number): A
  /** May change `left` in place, never `right`. `left` holds what came first in event time, where that is known. */
  merge(left: A, right: A): A
  /** Must not change the accumulator: a window may fire again. */
  result(accumulator: A): R
  /** Undoes one `add` of the same value and timestamp. Only for aggregates where that is exact. */
  retract?(accumulator: A, value: T, timestamp: number): A
}
