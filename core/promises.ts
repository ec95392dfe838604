import { TidemarkError } from './errors.js'

/** A promise of any kind: whatever has a `then`. */
export function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/**
 * For many values that one function gives. `instanceof` is cheap enough for every value, and finds what an async function
 * returns; thenables are looked for in the first value alone.
 */
export function isPromiseAmong(value: unknown, isFirst: boolean): boolean {
  return value instanceof Promise || (isFirst && isPromise(value))
}

/** For a promise that nobody will wait for: its failure must not become an unhandled rejection, which ends the process. */
export function silence(value: unknown): void {
  if (isPromise(value)) void Promise.resolve(value).catch(() => undefined)
}

/** What somebody can do who gave a promise where nobody waits. */
export const INSTEAD_OF_PROMISE =
  'A record is processed without waiting: call a service with stream.mapAsync(id, fn), load what all records need in ' +
  'open, and otherwise remove async'

/**
 * For code that does not know its operator: whoever has called it adds that, and the record.
 * @param whose reads on with "returned a promise"
 */
export function promiseInvalid(found: unknown, whose: string): TidemarkError {
  silence(found)
  return new TidemarkError({
    code: 'USER_FUNCTION_RETURNED_PROMISE',
    domain: 'user',
    message: `${whose} returned a promise, expected a value. ${INSTEAD_OF_PROMISE}`,
  })
}

/**
 * Called for every record: `whose` and `more` are put together only for the message.
 * @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE. For what returns nothing, too.
 */
export function requireNoPromise<V>(found: V, whose: string, more = ''): V {
  if (isPromise(found)) throw promiseInvalid(found, whose + more)
  return found
}
