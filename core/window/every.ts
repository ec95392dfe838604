import { type Duration, formatDuration } from '../duration.js'
import { TidemarkError } from '../errors.js'
import { requireKnownOptions } from '../options.js'
import { alignedStart } from './alignment.js'
import { maxTimestampOf } from './time-window.js'
import type { Trigger } from './trigger.js'
import type { TimeDomain } from './window-spec.js'

export interface EveryOptions {
  /** Default `event`: multiples of the interval that the watermark passes. `processing`: those that the wall clock reaches. */
  readonly time?: TimeDomain
}

/**
 * Fires at multiples of the interval (from the epoch on), where a record came since it last fired, with everything so far.
 * In event time that is when the watermark reaches the last millisecond before the multiple, and the window's own last
 * millisecond counts as a multiple too; a late record fires at once. In processing time nothing fires at the window's end:
 * use it inside `onTime().early(...)`.
 *
 * @example windows.trigger(onTime().early(every(minutes(1))))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError TRIGGER_INVALID when the interval is not a positive number of whole milliseconds.
 */
export function every(interval: Duration, options: EveryOptions = {}): Trigger {
  requireKnownOptions('every', options, { time: true })
  const intervalMs = (interval as Partial<Duration> | undefined)?.ms
  if (intervalMs === undefined || !Number.isSafeInteger(intervalMs) || intervalMs <= 0) {
    throw invalid(`every: expected an interval of a positive number of whole milliseconds, found ${intervalMs}ms`)
  }
  const time: string = options.time ?? 'event'
  if (time === 'event') return everyEventTime(intervalMs, `every(${formatDuration(interval)})`)
  if (time === 'processing') {
    return everyProcessingTime(intervalMs, `every(${formatDuration(interval)}, processing time)`)
  }
  throw invalid(`every: expected time 'event' or 'processing', found '${time}'`)
}

/** Its state, in both domains, is when it fires next: undefined when no record waits for that. */
function everyEventTime(intervalMs: number, kind: string): Trigger {
  const lastBefore = (timestamp: number, limit: number): number =>
    Math.min(alignedStart(timestamp, intervalMs, 0) + intervalMs - 1, limit)
  return Object.freeze<Trigger>({
    kind,
    endsIn: 'event',
    onRecord(_value, timestamp, window, context) {
      const last = maxTimestampOf(window)
      if (last <= context.watermark) return 'fire'
      const from = Math.max(timestamp, context.watermark + 1)
      if (!Number.isFinite(from)) {
        throw invalid(`${kind}: expected a record with a timestamp in epoch milliseconds, found ${timestamp}`)
      }
      const next = lastBefore(from, last)
      const pending = pendingOf(context.state)
      if (pending <= next) return 'continue'
      if (pending !== NOTHING) context.deleteEventTimeTimer(pending)
      context.state = next
      context.registerEventTimeTimer(next)
      return 'continue'
    },
    onEventTime(timestamp, _window, context) {
      if (context.state !== timestamp) return 'continue'
      context.state = undefined
      return 'fire'
    },
    onProcessingTime: () => 'continue',
    merge(window, states, context) {
      const pending = Math.min(...states.map(pendingOf))
      // It may be the end of a session that was shorter: now the multiple behind it counts.
      const next = pending === NOTHING ? NOTHING : lastBefore(pending, maxTimestampOf(window))
      context.state = next === NOTHING ? undefined : next
      if (next !== NOTHING) context.registerEventTimeTimer(next)
    },
  })
}

function everyProcessingTime(intervalMs: number, kind: string): Trigger {
  return Object.freeze<Trigger>({
    kind,
    onRecord(_value, _timestamp, _window, context) {
      if (context.state !== undefined) return 'continue'
      const next = alignedStart(context.processingTime, intervalMs, 0) + intervalMs
      context.state = next
      context.registerProcessingTimeTimer(next)
      return 'continue'
    },
    onEventTime: () => 'continue',
    onProcessingTime(timestamp, _window, context) {
      if (context.state !== timestamp) return 'continue'
      context.state = undefined
      return 'fire'
    },
    merge(_window, states, context) {
      const pending = Math.min(...states.map(pendingOf))
      context.state = pending === NOTHING ? undefined : pending
      if (pending !== NOTHING) context.registerProcessingTimeTimer(pending)
    },
  })
}

const NOTHING = Number.POSITIVE_INFINITY

// The state is what this trigger stored: a number, or nothing.
function pendingOf(state: unknown): number {
  return typeof state === 'number' ? state : NOTHING
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'TRIGGER_INVALID', domain: 'user', message })
}
