import { formatDuration } from '../duration.js'
import type { Batch } from '../element.js'
import { messageOf, TidemarkError } from '../errors.js'
import type { Origin } from '../origin.js'
import { INSTEAD_OF_PROMISE, isPromise, silence } from '../promises.js'

/** What the operator was at when the user's code failed. */
export interface Where {
  readonly operatorId: string
  /** `map`, `process`, `onTimer`: the function that was called. */
  readonly call: string
  /** Index in the batch; undefined where no record is involved. */
  readonly position?: number
  readonly timestamp?: number
  /** Of the batch. */
  readonly origin?: Origin | undefined
  /** What it was at where no record is involved: `window [0, 60000)`. */
  readonly place?: string
}

/** Which record of a batch the user's code failed at. */
export function recordOf(batch: Batch, position: number): Pick<Where, 'position' | 'timestamp' | 'origin'> {
  return { position, timestamp: batch.timestamps[position]!, origin: batch.origin }
}

/**
 * What to throw for something that came out of user code. An error of Tidemark's own (a bad key, a full overflow)
 * keeps its code and learns where it happened.
 */
export function userError(thrown: unknown, where: Where): TidemarkError {
  const location = locationOf(where)
  if (thrown instanceof TidemarkError) {
    if (thrown.operatorId !== undefined && (thrown.location !== undefined || location === undefined)) return thrown
    return new TidemarkError({
      code: thrown.code,
      domain: thrown.domain,
      retryable: thrown.retryable,
      message:
        `${thrown.operatorId === undefined ? `${where.operatorId}: ` : ''}${thrown.message}` +
        (location === undefined ? '' : ` (${location})`),
      operatorId: thrown.operatorId ?? where.operatorId,
      ...(location === undefined ? {} : { location }),
      cause: thrown,
    })
  }
  return new TidemarkError({
    code: 'USER_FUNCTION_FAILED',
    domain: 'user',
    // It may depend on the outside (a file, a clock, memory): the restart strategy decides, as in Flink.
    retryable: true,
    message: `${where.operatorId}: ${where.call} threw${location === undefined ? '' : ` at ${location}`}: ${messageOf(thrown)}`,
    operatorId: where.operatorId,
    ...(location === undefined ? {} : { location }),
    cause: thrown,
  })
}

/**
 * @param returned nobody waits for it any more, so its failure must not become an unhandled rejection.
 * @param says what the call did with it
 */
export function returnedPromise(returned: unknown, where: Where, says = 'returned a promise'): TidemarkError {
  silence(returned)
  const location = locationOf(where)
  return new TidemarkError({
    code: 'USER_FUNCTION_RETURNED_PROMISE',
    domain: 'user',
    message:
      `${where.operatorId}: ${where.call} ${says}${location === undefined ? '' : ` at ${location}`}, expected a value. ` +
      INSTEAD_OF_PROMISE,
    operatorId: where.operatorId,
    ...(location === undefined ? {} : { location }),
  })
}

/** @param lastError of an attempt that failed before */
export function asyncTimeout(
  where: Where,
  tried: { readonly timeoutMs: number; readonly attempts: number; readonly lastError: unknown },
): TidemarkError {
  const { timeoutMs, attempts, lastError } = tried
  const location = locationOf(where)
  const calls = attempts === 1 ? '1 call' : `${attempts} calls`
  const before = lastError === undefined ? '' : `; the last that failed: ${messageOf(lastError)}`
  return new TidemarkError({
    code: 'ASYNC_TIMEOUT',
    domain: 'user',
    // The service may be back.
    retryable: true,
    message:
      `${where.operatorId}: ${where.call} had no result${location === undefined ? '' : ` for ${location}`} within ` +
      `${formatDuration({ ms: timeoutMs })} (${calls}${before}). Raise timeout, or give a result in its place with onTimeout`,
    operatorId: where.operatorId,
    ...(location === undefined ? {} : { location }),
    ...(lastError === undefined ? {} : { cause: lastError }),
  })
}

export function notIterable(found: unknown, where: Where): TidemarkError {
  const location = locationOf(where)
  return new TidemarkError({
    code: 'USER_FUNCTION_RESULT_INVALID',
    domain: 'user',
    message:
      `${where.operatorId}: ${where.call} returned ${found === null ? 'null' : typeof found}` +
      `${location === undefined ? '' : ` at ${location}`}, expected an iterable of rows. Return an array or make it a generator`,
    operatorId: where.operatorId,
    ...(location === undefined ? {} : { location }),
  })
}

/** A promise, or what an async generator returns. */
export function isAsynchronous(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isPromise(value) || Symbol.asyncIterator in value
}

function locationOf({ position, timestamp, origin, place }: Where): string | undefined {
  // A record without a timestamp has an infinite one.
  const time = timestamp === undefined || !Number.isFinite(timestamp) ? undefined : `timestamp ${timestamp}`
  if (position === undefined) return place ?? time
  const record = origin === undefined ? `record ${position} of its batch` : origin.describe(position)
  return `${record}${time === undefined ? '' : `, ${time}`}`
}
