import { type Duration, formatDuration } from '../duration.js'
import { TidemarkError } from '../errors.js'
import { requireKnownOptions } from '../options.js'
import { requireNoPromise } from '../promises.js'
import type { GlobalWindow, TimeWindow } from './time-window.js'
import type { TimeDomain, WindowAssigner, WindowSpec } from './window-spec.js'

export interface AlignedWindowOptions {
  /** Shifts every window's start from the epoch: `hours(5)` for days that begin at 05:00 UTC. */
  readonly offset?: Duration
  /** Shifts them back instead: windows that start before the epoch's multiples. Not together with `offset`. */
  readonly negativeOffset?: Duration
  /** Default `event`. */
  readonly time?: TimeDomain
}

const ALIGNED_OPTIONS: Readonly<Record<keyof AlignedWindowOptions, true>> = {
  offset: true,
  negativeOffset: true,
  time: true,
}

export interface SessionWindowOptions {
  /** Default `event`. */
  readonly time?: TimeDomain
  /**
   * A session ends at its start + this at the latest, and the key's next record begins the next one. Sessions are then
   * cut in the order of event time: a record ahead of the watermark that no open session holds waits for it, and one that
   * comes exactly a gap after the last begins a session of its own.
   */
  readonly maxLength?: Duration
}

export interface StaggerWindowOptions {
  /** Default `event`. */
  readonly time?: TimeDomain
}

/**
 * Windows of one size, end to end, aligned to the epoch: each record is in exactly one.
 *
 * @example trips.keyBy((trip) => trip.zone).window(tumbling(hours(1)))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError WINDOW_INVALID when `size` is not a positive number of whole milliseconds, or the offset is not smaller than it.
 */
export function tumbling(size: Duration, options: AlignedWindowOptions = {}): WindowAssigner<unknown, TimeWindow> {
  requireKnownOptions('tumbling', options, ALIGNED_OPTIONS)
  const sizeMs = positive('tumbling', 'size', size)
  const offsetMs = offsetOf('tumbling', 'size', sizeMs, options)
  const time = timeOf('tumbling', options)
  const details = [formatDuration(size), ...describe(offsetMs, time)]
  return assigner(`tumbling(${details.join(', ')})`, { kind: 'tumbling', time, sizeMs, offsetMs })
}

/**
 * Windows of one size that start every `slide`: each record is in size / slide of them. With a slide larger than the
 * size there are gaps, and what falls into one is in no window.
 *
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError WINDOW_INVALID when `size` or `slide` is not a positive number of whole milliseconds, or the offset is not
 *   smaller than the slide.
 */
export function sliding(
  size: Duration,
  slide: Duration,
  options: AlignedWindowOptions = {},
): WindowAssigner<unknown, TimeWindow> {
  requireKnownOptions('sliding', options, ALIGNED_OPTIONS)
  const sizeMs = positive('sliding', 'size', size)
  const slideMs = positive('sliding', 'slide', slide)
  const offsetMs = offsetOf('sliding', 'slide', slideMs, options)
  const time = timeOf('sliding', options)
  const details = [formatDuration(size), formatDuration(slide), ...describe(offsetMs, time)]
  return assigner(`sliding(${details.join(', ')})`, { kind: 'sliding', time, sizeMs, slideMs, offsetMs })
}

/**
 * A key's records that follow each other within `gap` (or touch: exactly `gap` apart) share a window, which ends a gap
 * after the last of them. With a function each record says how long a gap it allows behind itself; it must say the same
 * each time. Changing it does not change the step's fingerprint.
 *
 * @example clicks.keyBy((click) => click.user).window(session((click) => minutes(click.isVideo ? 60 : 10)))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError WINDOW_INVALID when the gap or `maxLength` is not a positive number of whole milliseconds, or the gap is
 *   longer; for a function, when a record comes.
 */
export function session<T = unknown>(
  gap: Duration | ((value: T) => Duration),
  options: SessionWindowOptions = {},
): WindowAssigner<T, TimeWindow> {
  requireKnownOptions('session', options, { time: true, maxLength: true })
  const time = timeOf('session', options)
  const { maxLength } = options
  const maxLengthMs = maxLength === undefined ? Number.POSITIVE_INFINITY : positive('session', 'maxLength', maxLength)
  const longest = maxLength === undefined ? [] : [`at most ${formatDuration(maxLength)}`]
  const kindWith = (shown: string): string => `session(${[shown, ...longest, ...describe(0, time)].join(', ')})`
  if (typeof gap === 'function') {
    // It is asked about the records of the stream that the windows are of.
    const gapOf = (value: unknown): number => {
      const found = requireNoPromise(gap(value as T), "session: the function of a record's gap")
      return positive('session', "a record's gap", found)
    }
    return assigner(kindWith('gap by record'), { kind: 'session', time, gapOf, maxLengthMs })
  }
  const gapMs = positive('session', 'gap', gap)
  if (gapMs > maxLengthMs) throw invalid(`session: expected a maxLength of at least the gap, found ${maxLengthMs}ms`)
  return assigner(kindWith(formatDuration(gap)), { kind: 'session', time, gapOf: () => gapMs, maxLengthMs })
}

/**
 * A window of a key opens with its first record and closes after `length`; the next one opens with the first record behind
 * it. Records that belong together meet in one window where aligned ones would cut between them. (The stagger windows of
 * Kinesis Data Analytics: those are of the time of arrival, here `{ time: 'processing' }`.)
 *
 * In event time a window opens when the watermark reaches its first record, so that windows do not depend on the order in
 * which records come. A record behind the watermark that no open window holds is late, unless lateness is allowed: then it
 * enters the window that opens within `length` after it, or opens its own.
 *
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError WINDOW_INVALID when `length` is not a positive number of whole milliseconds.
 */
export function stagger(length: Duration, options: StaggerWindowOptions = {}): WindowAssigner<unknown, TimeWindow> {
  requireKnownOptions('stagger', options, { time: true })
  const lengthMs = positive('stagger', 'length', length)
  const time = timeOf('stagger', options)
  const details = [formatDuration(length), ...describe(0, time)]
  return assigner(`stagger(${details.join(', ')})`, { kind: 'stagger', time, lengthMs })
}

/** One window a key, which never ends and by default never fires: give it a trigger, such as `purging(afterCount(100))`. */
export function global(): WindowAssigner<unknown, GlobalWindow> {
  return assigner('global()', { kind: 'global' })
}

function assigner<T, W extends TimeWindow | GlobalWindow>(kind: string, spec: WindowSpec): WindowAssigner<T, W> {
  return Object.freeze({ kind, spec: Object.freeze(spec) })
}

function describe(offsetMs: number, time: TimeDomain): string[] {
  const details: string[] = []
  if (offsetMs !== 0) details.push(`offset ${offsetMs < 0 ? '-' : ''}${formatDuration({ ms: Math.abs(offsetMs) })}`)
  if (time === 'processing') details.push('processing time')
  return details
}

function timeOf(assignerName: string, options: { readonly time?: TimeDomain }): TimeDomain {
  const { time = 'event' } = options
  if (time === 'event' || time === 'processing') return time
  throw invalid(`${assignerName}: expected time 'event' or 'processing', found ${shown(time)}`)
}

function positive(assignerName: string, name: string, duration: Duration): number {
  const ms = millisOf(duration)
  if (ms === undefined || !Number.isSafeInteger(ms) || ms <= 0) {
    throw invalid(`${assignerName}: ${name} must be a positive number of whole milliseconds, not ${shown(duration)}`)
  }
  return ms
}

/** Undefined for what is no duration. */
function millisOf(duration: unknown): number | undefined {
  const ms: unknown = (duration as Partial<Duration> | null | undefined)?.ms
  return typeof ms === 'number' ? ms : undefined
}

function shown(given: unknown): string {
  const ms = millisOf(given)
  if (ms !== undefined) return `${ms}ms`
  if (typeof given === 'string') return `'${given}'`
  return given === null ? 'null' : `a value of type ${typeof given}`
}

function offsetOf(assignerName: string, limitName: string, limitMs: number, options: AlignedWindowOptions): number {
  const shiftOf = (name: 'offset' | 'negativeOffset'): number => {
    const { [name]: shift } = options
    const ms = shift === undefined ? 0 : millisOf(shift)
    if (ms !== undefined) return ms
    throw invalid(`${assignerName}: ${name} must be a duration, such as hours(5), not ${shown(shift)}`)
  }
  const forward = shiftOf('offset')
  const backward = shiftOf('negativeOffset')
  if (forward !== 0 && backward !== 0) {
    throw invalid(`${assignerName}: give offset or negativeOffset, not both`)
  }
  const offsetMs = forward - backward
  if (!Number.isSafeInteger(offsetMs) || Math.abs(offsetMs) >= limitMs) {
    throw invalid(
      `${assignerName}: the offset must be whole milliseconds and smaller than the ${limitName} ` +
        `(${formatDuration({ ms: limitMs })}), not ${offsetMs}ms`,
    )
  }
  return offsetMs
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'WINDOW_INVALID', domain: 'user', message })
}
