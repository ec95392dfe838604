import { type Duration, formatDuration } from '../duration.js'
import { TidemarkError } from '../errors.js'
import { requireKnownOptions } from '../options.js'
import { requireNoPromise } from '../promises.js'
import type { Evictor, WindowRecord } from './evictor.js'

export interface EvictorOptions {
  /** Whether records go before the window's function gets them, or after it had them. Default `before`. */
  readonly when?: 'before' | 'after'
}

/**
 * Keeps the `count` records that came last.
 *
 * @example windows.evict(keepLast(10))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError EVICTOR_INVALID when `count` is not a positive whole number.
 */
export function keepLast(count: number, options: EvictorOptions = {}): Evictor {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw invalid(`keepLast: the count must be a positive whole number, not ${count}`)
  }
  return evictor(`keepLast(${count})`, options, (records) => records.slice(-count))
}

/**
 * Keeps the records that are less than `duration` older than the newest one. Records without timestamps all stay.
 *
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError EVICTOR_INVALID when `duration` is not a positive number of whole milliseconds.
 */
export function keepWithin(duration: Duration, options: EvictorOptions = {}): Evictor {
  const ms = (duration as Partial<Duration> | undefined)?.ms
  if (ms === undefined || !Number.isSafeInteger(ms) || ms <= 0) {
    throw invalid(`keepWithin: the duration must be a positive number of whole milliseconds, not ${ms}ms`)
  }
  return evictor(`keepWithin(${formatDuration(duration)})`, options, (records) => {
    let newest = Number.NEGATIVE_INFINITY
    for (const { timestamp } of records) if (timestamp > newest) newest = timestamp
    return Number.isFinite(newest) ? records.filter(({ timestamp }) => timestamp > newest - ms) : records
  })
}

/**
 * Keeps the records whose `delta` to the one that came last is less than `threshold`.
 *
 * @example windows.evict(keepNear(0.5, (reading, last) => Math.abs(reading.celsius - last.celsius)))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError EVICTOR_INVALID when `threshold` is no number; when a window fires, for a delta that is none.
 */
export function keepNear<T>(
  threshold: number,
  delta: (value: T, last: T) => number,
  options: EvictorOptions = {},
): Evictor<T> {
  if (Number.isNaN(threshold)) throw invalid('keepNear: the threshold must be a number')
  if (typeof delta !== 'function')
    throw invalid('keepNear: expected a function of two records that gives their distance')
  const kind = `keepNear(${threshold})`
  // What is no number is less than nothing: every record would go.
  const deltaOf = (value: T, last: T): number => {
    const found: unknown = requireNoPromise(delta(value, last), kind, ': its function')
    if (typeof found === 'number' && !Number.isNaN(found)) return found
    const shown =
      found === null || found === undefined || typeof found === 'number' ? String(found) : `a ${typeof found}`
    throw invalid(`${kind}: expected its function to give a number that is not NaN, found ${shown}`)
  }
  return evictor<T>(kind, options, (records) => {
    const last = records.at(-1)
    return last === undefined ? records : records.filter(({ value }) => deltaOf(value, last.value) < threshold)
  })
}

type Choice<T> = <R extends WindowRecord<T>>(records: readonly R[]) => readonly R[]

function evictor<T>(kind: string, options: EvictorOptions, choose: Choice<T>): Evictor<T> {
  requireKnownOptions(kind, options, { when: true })
  const found: string = options.when ?? 'before'
  if (found === 'before') return Object.freeze({ kind, before: choose })
  if (found === 'after') return Object.freeze({ kind: `${kind} after`, after: choose })
  throw invalid(`${kind}: expected when 'before' or 'after', found '${found}'`)
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'EVICTOR_INVALID', domain: 'user', message })
}
