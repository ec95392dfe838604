import type { TidemarkError } from '../errors.js'
import { isPromiseAmong, silence } from '../promises.js'
import { returnedPromise, type Where } from './user-error.js'

/** How many rows are taken from an iterator that cannot be told that nobody wants more. */
const MOST_TAKEN = 10_000

const OF_COLLECTIONS: ReadonlySet<unknown> = new Set(
  [[].values(), new Set().values(), new Map().values()].map((iterator) => Object.getPrototypeOf(iterator)),
)

/**
 * Rows one by one. None of those that are there already is a promise; all others are made when they are asked for, and may
 * be one then.
 * @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE
 */
export function plainRows<R>(rows: Iterable<R>, where: () => Where): Iterator<R> {
  const iterator = rows[Symbol.iterator]()
  // An array is not copied, however many rows it has.
  const atHand: readonly R[] | undefined = Array.isArray(rows) ? rows : restAtHand(iterator)
  if (atHand === undefined) return iterator
  requirePlainRows(atHand, 0, where)
  return atHand.values()
}

/** What an iterator over an array, a set or a map has left. Undefined for others: they make their rows. */
export function restAtHand<R>(iterator: Iterator<R>): R[] | undefined {
  return isOfCollection(iterator) ? [...restOf(iterator)] : undefined
}

/**
 * For rows that are there while the first of them wait for room: a promise among them would fail with nobody listening.
 * @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE
 */
export function requirePlainRows(rows: readonly unknown[], from: number, where: () => Where, says?: string): void {
  for (let index = from; index < rows.length; index++) {
    if (isPromiseAmong(rows[index], index === 0)) throw promisedRow(rows.values(), rows[index], where(), says)
  }
}

/**
 * For a row that nobody can wait for.
 * @param others may be promises too, whose failures nobody will see
 */
export function promisedRow(
  others: Iterator<unknown>,
  row: unknown,
  where: Where,
  says = 'gave a promise as a row',
): TidemarkError {
  silence(row)
  try {
    for (const other of restOf(others)) silence(other)
  } catch {
    // The promise came first: what its iterator throws behind it is not what failed.
  }
  return returnedPromise(row, where, says)
}

/** A generator is left alone: it makes no more promises when it is not asked. */
function* restOf<R>(iterator: Iterator<R>): Generator<R> {
  if (iterator.return !== undefined) return
  const most = isOfCollection(iterator) ? Number.POSITIVE_INFINITY : MOST_TAKEN
  for (let taken = 0; taken < most; taken++) {
    const step = iterator.next()
    if (step.done === true) return
    yield step.value
  }
}

function isOfCollection(iterator: Iterator<unknown>): boolean {
  return OF_COLLECTIONS.has(Object.getPrototypeOf(iterator))
}
