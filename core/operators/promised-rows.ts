import type { TidemarkError } from '../errors.js'
import { silence } from '../promises.js'
import { returnedPromise, type Where } from './user-error.js'

/** How many rows are taken from an iterator that cannot be told that nobody wants more. */
const MOST_TAKEN = 10_000

/**
 * For a row that nobody can wait for.
 * @param rows those beside it: they may be promises too, whose failures nobody will see
 */
export function promisedRow(rows: Iterable<unknown>, row: unknown, where: Where): TidemarkError {
  for (const other of rows) silence(other)
  return returnedPromise(row, where, 'gave a promise as a row')
}

/** What an iterator over a collection still has. A generator is left alone: it makes no more promises when it is not asked. */
export function* restOf(iterator: Iterator<unknown>): Generator<unknown> {
  if (iterator.return !== undefined) return
  for (let taken = 0; taken < MOST_TAKEN; taken++) {
    const step = iterator.next()
    if (step.done === true) return
    yield step.value
  }
}
