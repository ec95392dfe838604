import { formatDuration } from '../../duration.js'
import { optionInvalid, requireKnownOptions } from '../../options.js'
import { requireNoPromise } from '../../promises.js'
import type { AsyncOptions, AsyncRetry } from './async-function.js'

export interface RetrySettings {
  readonly attempts: number
  readonly delayMs: number
  readonly backoff: number
  readonly isWorthIt: (error: unknown) => boolean
}

export interface AsyncSettings<T = unknown, R = unknown> {
  readonly capacity: number
  readonly timeoutMs: number
  readonly isOrdered: boolean
  readonly retry: RetrySettings
  readonly onTimeout: ((value: T) => R) | undefined
}

const OPTIONS = {
  capacity: true,
  timeout: true,
  ordered: true,
  retry: true,
  onTimeout: true,
  onError: true,
  parallelism: true,
  chaining: true,
} as const
const RETRY_OPTIONS = { attempts: true, delay: true, backoff: true, on: true } as const

/** @throws TidemarkError OPTION_INVALID */
export function asyncSettings<T, R>(
  where: string,
  options: AsyncOptions<T, R> & { readonly parallelism?: number; readonly chaining?: 'new' | 'never' },
): AsyncSettings<T, R> {
  requireKnownOptions<typeof options>(where, options, OPTIONS)
  const { capacity = 100, timeout, ordered = true, retry, onTimeout, onError } = options
  requireCount(where, 'capacity', capacity)
  if (typeof ordered !== 'boolean') throw optionInvalid(where, `ordered is true or false, found ${typeof ordered}`)
  if (onTimeout !== undefined && typeof onTimeout !== 'function') {
    throw optionInvalid(where, `onTimeout is a function, found ${typeof onTimeout}`)
  }
  // A JavaScript caller may have taken what other steps have.
  if (typeof onError === 'object') {
    throw optionInvalid(
      where,
      'onError says what comes after the last call (fail, skip, deadLetter); calls again are retry: { attempts: 3 }, which wait',
    )
  }
  const timeoutMs = timeout === undefined ? 30_000 : millisecondsOf(where, 'timeout', timeout)
  if (timeoutMs === 0) throw optionInvalid(where, 'timeout is longer than zero: every call would time out')
  return {
    capacity,
    timeoutMs,
    isOrdered: ordered,
    retry: retrySettings(`${where}: retry`, retry),
    onTimeout: onTimeout && ((value) => onTimeout.call(options, value)),
  }
}

/** For people: `ordered, capacity 100, timeout 30s, 3 attempts`. */
export function describeAsync(settings: Omit<AsyncSettings, 'onTimeout'>): string {
  const { isOrdered, capacity, timeoutMs, retry } = settings
  const attempts = retry.attempts === 1 ? '' : `, ${retry.attempts} attempts`
  const timeout = formatDuration({ ms: timeoutMs })
  return `${isOrdered ? 'ordered' : 'unordered'}, capacity ${capacity}, timeout ${timeout}${attempts}`
}

function retrySettings(where: string, retry: AsyncRetry | undefined): RetrySettings {
  if (retry === undefined) return { attempts: 1, delayMs: 0, backoff: 1, isWorthIt: () => false }
  requireKnownOptions<AsyncRetry>(where, retry, RETRY_OPTIONS)
  const { attempts, delay, backoff = 2, on } = retry
  requireCount(where, 'attempts', attempts)
  if (typeof backoff !== 'number' || !(backoff >= 1) || !Number.isFinite(backoff)) {
    throw optionInvalid(where, 'backoff is a number from 1 on: what each further delay is multiplied by')
  }
  if (on !== undefined && typeof on !== 'function') throw optionInvalid(where, `on is a function, found ${typeof on}`)
  return {
    attempts,
    delayMs: delay === undefined ? 100 : millisecondsOf(where, 'delay', delay),
    backoff,
    isWorthIt: (error) => on === undefined || requireNoPromise(on.call(retry, error), 'retry.on'),
  }
}

function requireCount(where: string, name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw optionInvalid(where, `${name} is a whole number from 1 on, found ${String(value)}`)
  }
}

function millisecondsOf(where: string, name: string, value: unknown): number {
  // A JavaScript caller may have passed a number.
  const ms: unknown = (value as { ms?: unknown } | null | undefined)?.ms
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) {
    throw optionInvalid(where, `${name} is a duration, such as seconds(10)`)
  }
  return ms
}
