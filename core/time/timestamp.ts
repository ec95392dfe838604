import { messageOf, TidemarkError } from '../errors.js'
import { isPromise, silence } from '../promises.js'

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

/** Stands where a timestamp should be that a function threw instead of giving it. */
class Thrown {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** For a source that goes on without records it cannot take: what throws gives no timestamp, which is said of the record. */
export function sparing<T>(timestampOf: (value: T) => number): (value: T) => number {
  return (value) => {
    try {
      return timestampOf(value)
    } catch (error) {
      // No number, as whoever looks at it with isTimestamp finds.
      return new Thrown(error) as unknown as number
    }
  }
}

export function timestampInvalid(found: unknown): TidemarkError {
  silence(found)
  const problem =
    found instanceof Thrown
      ? `no timestamp: the timestamp function threw: ${messageOf(found.error)}; give it only records that it can take`
      : `not a timestamp: expected whole epoch milliseconds from 0 to ${MAX_TIMESTAMP}, found ${shown(found)}; ` +
        'return such a number from the timestamp function'
  return new TidemarkError({
    code: 'TIMESTAMP_INVALID',
    domain: 'user',
    message: problem,
    ...(found instanceof Thrown && { cause: found.error }),
  })
}

function shown(found: unknown): string {
  const type = typeof found
  return type === 'number' ? String(found) : isPromise(found) ? 'a promise' : `a value of type ${type}`
}
