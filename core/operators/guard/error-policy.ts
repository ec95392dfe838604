import type { Duration } from '../../duration.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../options.js'

/**
 * What becomes of a record whose function throws. `fail` stops the task, and the job goes back to its last checkpoint.
 * `skip` goes on without the record. `deadLetter` hands it to `.failed` of the step's result. All are counted.
 */
export type ErrorAction = 'fail' | 'skip' | 'deadLetter'

/**
 * Calls again at once, each time from the state as it was before the record. For what may go well a moment later; a
 * service that is away for seconds is for `mapAsync`, whose retries wait.
 */
export interface RetryAtOnce {
  /** Calls in all, the first one included: 2 or more. */
  readonly attempts: number
  /** No attempt begins later than this after the first one began. Default: no limit but `attempts`. */
  readonly maxAge?: Duration
  /** When the last attempt has failed. Default `fail`. */
  readonly otherwise?: ErrorAction
}

/**
 * What a step does when a function of its user throws. Whatever it says, what the failed call emitted and what it changed
 * in state and timers is taken back.
 */
export type OnError = ErrorAction | { readonly retry: RetryAtOnce }

export interface ErrorPolicy {
  readonly action: ErrorAction
  readonly attempts: number
  /** Infinity: no limit. */
  readonly maxAgeMs: number
}

const ACTIONS: readonly string[] = ['fail', 'skip', 'deadLetter']

/**
 * Undefined for the default, which costs nothing.
 * @throws TidemarkError OPTION_INVALID
 */
export function errorPolicyOf(where: string, onError: OnError | undefined): ErrorPolicy | undefined {
  if (onError === undefined || onError === 'fail') return undefined
  if (typeof onError === 'string') {
    requireChoice(where, { name: 'onError', value: onError, choices: ACTIONS })
    return { action: onError, attempts: 1, maxAgeMs: Number.POSITIVE_INFINITY }
  }
  requireKnownOptions(`${where}: onError`, onError, { retry: true })
  const { retry } = onError
  requireKnownOptions(`${where}: onError.retry`, retry, { attempts: true, maxAge: true, otherwise: true })
  const { attempts, maxAge, otherwise = 'fail' } = retry
  if (!Number.isSafeInteger(attempts) || attempts < 2) {
    throw optionInvalid(where, `onError.retry.attempts is a whole number of calls from 2 on, found ${String(attempts)}`)
  }
  if (maxAge !== undefined && !(maxAge?.ms > 0)) {
    throw optionInvalid(where, 'onError.retry.maxAge is a duration such as seconds(1)')
  }
  requireChoice(where, { name: 'onError.retry.otherwise', value: otherwise, choices: ACTIONS })
  return { action: otherwise, attempts, maxAgeMs: maxAge?.ms ?? Number.POSITIVE_INFINITY }
}

/** For people who read the plan. */
export function describePolicy({ action, attempts }: ErrorPolicy): string {
  const end = action === 'fail' ? 'then fail' : action === 'skip' ? 'skip' : 'dead letters'
  return attempts === 1 ? `on error: ${end}` : `on error: ${attempts} attempts, ${end}`
}
