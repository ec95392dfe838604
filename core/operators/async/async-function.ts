import type { Duration } from '../../duration.js'
import type { NoPromise } from '../../no-promise.js'
import type { LifeCycle } from '../functions.js'
import type { ErrorAction } from '../guard/error-policy.js'

/** What a call knows besides its value. */
export interface AsyncContext {
  /**
   * Aborts when nobody waits for the result any more: after the time-out, when another record has failed the task, and
   * when the job stops or is cancelled. Hand it to `fetch`.
   */
  readonly signal: AbortSignal
  /** 1 for the first, then one more for each retry. After a restore it counts from 1 again. */
  readonly attempt: number
  /** Of the record, epoch milliseconds; -Infinity when its source gave none. */
  readonly timestamp: number
}

export interface AsyncObject<in T, out R, C> extends LifeCycle<C> {
  mapAsync(value: T, context: AsyncContext, opened: C): Promise<R>
}

/** May be called again with the same value, after a failure and after a restore: what it does must bear that. */
export type AsyncFunction<T, R, C = undefined> =
  | ((value: T, context: AsyncContext) => Promise<R>)
  | AsyncObject<T, R, C>

export interface AsyncRetry {
  /** Calls of one record at most, the first included. */
  readonly attempts: number
  /** Before the second call. Default 100 ms. */
  readonly delay?: Duration
  /** What each further delay is multiplied by. Default 2. */
  readonly backoff?: number
  /** Whether a failure is worth another call. Default: every one. */
  on?(error: unknown): boolean
}

type PlainFallback<F> = NoPromise<F, 'onTimeout gives a value, not a promise: there is no time left to wait in.'>

export interface AsyncOptions<in T, out F = never> {
  /** Records of a subtask that are being called for, or wait for their turn to go on. A full one pushes back. Default 100. */
  readonly capacity?: number
  /** From the first call of a record to its result, retries and the delays between them included. Default 30 s. */
  readonly timeout?: Duration
  /** Results in the order of the records (default), or as they come, never across a watermark. */
  readonly ordered?: boolean
  /** Default: none. */
  readonly retry?: AsyncRetry
  /** The result of a record that timed out. Default: it is a failure of the record. */
  onTimeout?(value: T): F & PlainFallback<F>
  /** What becomes of a record without a result, its retries and its time over. Default `fail`. See docs/error-policy.md. */
  readonly onError?: ErrorAction
}
