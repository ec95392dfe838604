import { TidemarkError } from '../errors.js'

/** The latest instant that a `Date` can hold: a larger number is no time in milliseconds. */
export const MAX_TIMESTAMP = 8.64e15

/** Whole milliseconds from 0 to MAX_TIMESTAMP. */
export function isTimestamp(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIMESTAMP
}

/**
 * Whole milliseconds: window arithmetic counts them (a window's last timestamp is its end - 1).
 * @throws TidemarkError TIMESTAMP_INVALID. The caller knows operator and record, and adds them.
 */
export function assertTimestamp(timestamp: number): void {
  if (isTimestamp(timestamp)) return
  throw timestampInvalid(timestamp)
}

export function timestampInvalid(found: unknown): TidemarkError {
  const type = typeof found
  const shown = type === 'number' ? String(found) : found instanceof Promise ? 'a promise' : `a value of type ${type}`
  return new TidemarkError({
    code: 'TIMESTAMP_INVALID',
    domain: 'user',
    message:
      `not a timestamp: expected whole epoch milliseconds from 0 to ${MAX_TIMESTAMP}, found ${shown}; ` +
      'return such a number from the timestamp function',
  })
}
