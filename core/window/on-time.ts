import { TidemarkError } from '../errors.js'
import { requireKnownOptions } from '../options.js'
import { maxTimestampOf, type Window } from './time-window.js'
import type { Trigger, TriggerContext, TriggerResult } from './trigger.js'
import { PartContext, type Phase, partOf } from './trigger-part.js'
import { eachRecord } from './triggers.js'
import type { TimeDomain } from './window-spec.js'

export interface OnTimeOptions {
  /** By which time the window ends: as its assigner has it. Default `event`. */
  readonly time?: TimeDomain
}

/** Fires when the window's time is over; before and after that as other triggers say. */
export interface OnTimeTrigger<T = unknown, W extends Window = Window> extends Trigger<T, W> {
  /** What fires until the window's time is over. Without it: nothing. */
  early<U extends T, X extends W>(trigger: Trigger<U, X>): OnTimeTrigger<U, X>
  /** What fires for the late records that are still allowed. Without it: each of them; `never()` for none. */
  late<U extends T, X extends W>(trigger: Trigger<U, X>): OnTimeTrigger<U, X>
}

/**
 * Fires when the window's time is over, also if nothing came since an early firing: that result is the complete one. Both
 * `early` and `late` begin with a state of their own, and the timers of the first go when the second begins.
 *
 * @example windows.trigger(onTime().early(every(minutes(1))).late(eachRecord()))
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError TRIGGER_INVALID when `time` is neither domain, what `early` or `late` is given is no trigger, or `early`
 *   waits for the watermark where the window ends by the wall clock.
 */
export function onTime(options: OnTimeOptions = {}): OnTimeTrigger {
  requireKnownOptions('onTime', options, { time: true })
  const time: string = options.time ?? 'event'
  if (time !== 'event' && time !== 'processing') {
    throw invalid(`onTime: expected time 'event' or 'processing', found '${time}'`)
  }
  return compose<unknown, Window>({ time, early: undefined, late: undefined })
}

interface Parts<T, W extends Window> {
  readonly time: TimeDomain
  readonly early: Trigger<T, W> | undefined
  readonly late: Trigger<T, W> | undefined
}

function compose<T, W extends Window>(parts: Parts<T, W>): OnTimeTrigger<T, W> {
  const { early, late } = parts
  const inEventTime = parts.time === 'event'
  const inPhase: Readonly<Record<Phase, Trigger<T, W> | undefined>> = { early, late: late ?? eachRecord() }
  /** In processing time at the end, not a millisecond before it: a record that arrives then is still inside. */
  const endOf = (window: W): number => maxTimestampOf(window) + (inEventTime ? 0 : 1)
  const phaseOf = (window: W, context: TriggerContext): Phase =>
    endOf(window) <= (inEventTime ? context.watermark : context.processingTime) ? 'late' : 'early'
  const inPart = <R>(phase: Phase, window: W, context: TriggerContext, call: (part: PartContext) => R): R => {
    const part = new PartContext(context, phase, { time: parts.time, timestamp: endOf(window) })
    const result = call(part)
    part.store()
    return result
  }
  const ask = (phase: Phase, window: W, context: TriggerContext, call: Call<T, W>): TriggerResult => {
    const trigger = inPhase[phase]
    return trigger === undefined ? 'continue' : inPart(phase, window, context, (part) => call(trigger, part))
  }
  const awaitEnd = (window: W, context: TriggerContext): void => {
    if (inEventTime) context.registerEventTimeTimer(endOf(window))
    else context.registerProcessingTimeTimer(endOf(window))
  }
  const onTimer = (timestamp: number, domain: TimeDomain, window: W, context: TriggerContext): TriggerResult => {
    if (domain === parts.time && timestamp === endOf(window)) return 'fire'
    const phase = phaseOf(window, context)
    const isDomainOfEnd = domain === parts.time
    // The end is due too, and its firing says all that an early one would.
    if (phase === 'late' && isDomainOfEnd && timestamp < endOf(window)) return 'continue'
    return ask(phase, window, context, (trigger, part) => {
      const isOwn = domain === 'event' ? part.takeEventTimer(timestamp) : part.takeProcessingTimer(timestamp)
      if (!isOwn) return 'continue'
      return domain === 'event'
        ? trigger.onEventTime(timestamp, window, part)
        : trigger.onProcessingTime(timestamp, window, part)
    })
  }
  const canMerge =
    (early === undefined || early.merge !== undefined) && (late === undefined || late.merge !== undefined)
  return Object.freeze<OnTimeTrigger<T, W>>({
    kind: kindOf(parts),
    endsIn: parts.time,
    onRecord(value, timestamp, window, context) {
      const phase = phaseOf(window, context)
      if (phase === 'early') awaitEnd(window, context)
      return ask(phase, window, context, (trigger, part) => trigger.onRecord(value, timestamp, window, part))
    },
    onEventTime: (timestamp, window, context) => onTimer(timestamp, 'event', window, context),
    onProcessingTime: (timestamp, window, context) => onTimer(timestamp, 'processing', window, context),
    ...(canMerge && {
      merge(window: W, states: readonly unknown[], context: TriggerContext) {
        const phase = phaseOf(window, context)
        if (phase === 'early') awaitEnd(window, context)
        // Sessions that were over have fired: what counts is what the phase of the merged one has kept.
        const kept = states.map(partOf).map((part) => (part?.phase === phase ? part.state : undefined))
        context.state = undefined
        // A promise, where a part is asynchronous, is looked for by whoever asks the whole.
        const trigger = inPhase[phase]
        return trigger && inPart(phase, window, context, (part) => trigger.merge?.(window, kept, part))
      },
    }),
    ...((early?.clear ?? late?.clear) && {
      clear(window: W, context: TriggerContext) {
        const phase = partOf(context.state)?.phase ?? phaseOf(window, context)
        const trigger = inPhase[phase]
        return trigger && inPart(phase, window, context, (part) => trigger.clear?.(window, part))
      },
    }),
    early: <U extends T, X extends W>(trigger: Trigger<U, X>) =>
      compose<U, X>({ ...parts, early: requireSameTime(requireTrigger(trigger, 'early'), parts.time) }),
    late: <U extends T, X extends W>(trigger: Trigger<U, X>) =>
      compose<U, X>({ ...parts, late: requireTrigger(trigger, 'late') }),
  })
}

type Call<T, W extends Window> = (trigger: Trigger<T, W>, part: PartContext) => TriggerResult

function kindOf<T, W extends Window>({ time, early, late }: Parts<T, W>): string {
  const ending = time === 'event' ? 'onTime()' : 'onTime(processing time)'
  return `${ending}${early ? `.early(${early.kind})` : ''}${late ? `.late(${late.kind})` : ''}`
}

function requireTrigger<T, W extends Window>(trigger: Trigger<T, W>, name: string): Trigger<T, W> {
  if (typeof (trigger as Partial<Trigger> | undefined)?.onRecord === 'function') return trigger
  throw invalid(`${name}: expected a trigger, such as ${name}(afterCount(100))`)
}

/** Where no watermark comes it would never fire, and nothing would say so. */
function requireSameTime<T, W extends Window>(early: Trigger<T, W>, time: TimeDomain): Trigger<T, W> {
  if (time === 'event' || early.endsIn !== 'event') return early
  throw invalid(
    `onTime({ time: 'processing' }): the window ends by the wall clock, and the early trigger ${early.kind} waits for the ` +
      "watermark; use one of the wall clock, such as every(minutes(1), { time: 'processing' })",
  )
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'TRIGGER_INVALID', domain: 'user', message })
}
