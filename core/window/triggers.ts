import { TidemarkError } from '../errors.js'
import { maxTimestampOf, type Window } from './time-window.js'
import type { Trigger, TriggerContext, TriggerResult } from './trigger.js'

const EVENT_TIME: Trigger = Object.freeze<Trigger>({
  kind: 'eventTime()',
  endsIn: 'event',
  onRecord(_value, _timestamp, window, context) {
    const fireAt = maxTimestampOf(window)
    if (fireAt <= context.watermark) return 'fire'
    context.registerEventTimeTimer(fireAt)
    return 'continue'
  },
  onEventTime: (timestamp, window) => (timestamp === maxTimestampOf(window) ? 'fire' : 'continue'),
  onProcessingTime: () => 'continue',
  merge(window, _states, context) {
    const fireAt = maxTimestampOf(window)
    if (fireAt > context.watermark) context.registerEventTimeTimer(fireAt)
  },
})

// At the end, not a millisecond before it: a record that arrives in the last millisecond is still inside.
const PROCESSING_TIME: Trigger = Object.freeze<Trigger>({
  kind: 'processingTime()',
  endsIn: 'processing',
  onRecord(_value, _timestamp, window, context) {
    context.registerProcessingTimeTimer(maxTimestampOf(window) + 1)
    return 'continue'
  },
  onEventTime: () => 'continue',
  onProcessingTime: (timestamp, window) => (timestamp === maxTimestampOf(window) + 1 ? 'fire' : 'continue'),
  merge(window, _states, context) {
    context.registerProcessingTimeTimer(maxTimestampOf(window) + 1)
  },
})

const NEVER: Trigger = Object.freeze<Trigger>({
  kind: 'never()',
  onRecord: () => 'continue',
  onEventTime: () => 'continue',
  onProcessingTime: () => 'continue',
  merge() {},
})

const EACH_RECORD: Trigger = Object.freeze<Trigger>({ ...NEVER, kind: 'eachRecord()', onRecord: () => 'fire' })

/** Fires when the watermark reaches the window's end, and again for each late record that is still allowed. */
export function eventTime(): Trigger {
  return EVENT_TIME
}

/** Fires when the wall clock reaches the window's end. */
export function processingTime(): Trigger {
  return PROCESSING_TIME
}

/** Never fires: a global window's default. */
export function never(): Trigger {
  return NEVER
}

/** Fires with each record, with everything since the window began. */
export function eachRecord(): Trigger {
  return EACH_RECORD
}

/**
 * Fires with every `count`-th record of a key and window, with everything since the window began; inside `purging`, with
 * the last `count` records.
 *
 * @throws TidemarkError TRIGGER_INVALID when `count` is not a positive whole number.
 */
export function afterCount(count: number): Trigger {
  if (!Number.isSafeInteger(count) || count < 1) {
    const message = `afterCount(${count}): the count must be a positive whole number`
    throw new TidemarkError({ code: 'TRIGGER_INVALID', domain: 'user', message })
  }
  const countUp = (seen: number, context: TriggerContext): TriggerResult => {
    // Undefined, not 0: a global window that holds nothing more can go.
    context.state = seen < count ? seen : undefined
    return seen < count ? 'continue' : 'fire'
  }
  return Object.freeze<Trigger>({
    kind: `afterCount(${count})`,
    onRecord: (_value, _timestamp, _window, context) => countUp(countOf(context.state) + 1, context),
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
    merge(_window, states, context) {
      let seen = 0
      for (const state of states) seen += countOf(state)
      context.state = seen
    },
  })
}

/** Like `trigger`, but a firing also drops the window's contents. */
export function purging<T, W extends Window>(trigger: Trigger<T, W>): Trigger<T, W> {
  const merge = trigger.merge?.bind(trigger)
  const clear = trigger.clear?.bind(trigger)
  const { endsIn } = trigger
  return Object.freeze<Trigger<T, W>>({
    kind: `purging(${trigger.kind})`,
    ...(endsIn && { endsIn }),
    onRecord: (value, timestamp, window, context) => purged(trigger.onRecord(value, timestamp, window, context)),
    onEventTime: (timestamp, window, context) => purged(trigger.onEventTime(timestamp, window, context)),
    onProcessingTime: (timestamp, window, context) => purged(trigger.onProcessingTime(timestamp, window, context)),
    ...(merge && { merge }),
    ...(clear && { clear }),
  })
}

function purged(result: TriggerResult): TriggerResult {
  return result === 'fire' ? 'fireAndPurge' : result
}

// The state is what this trigger stored: a number, or nothing yet.
function countOf(state: unknown): number {
  return typeof state === 'number' ? state : 0
}
