import type { Environment } from '../../environment.js'
import type { TidemarkError } from '../../errors.js'
import { requireNoPromise } from '../../promises.js'
import type { InternalKey } from '../../state/key.js'
import { GLOBAL_WINDOW, type TimeWindow, type Window } from '../../window/time-window.js'
import type { Trigger, TriggerResult } from '../../window/trigger.js'
import type { TriggeredSpec } from '../../window/window-spec.js'
import type { OperatorContext, Output } from '../operator.js'
import { userError } from '../user-error.js'
import type { Contents } from './contents.js'
import { DroppedRecords } from './dropped-records.js'
import { GroupWatermarks } from './group-watermarks.js'
import { firingFailed, placeOf, triggerResultInvalid } from './invalid-input.js'
import { KeyedWindowStore } from './keyed-window-store.js'
import type { OpenWindows } from './open-windows.js'
import { NOTHING_REPLACED, replacedBy } from './replaced.js'
import { absorbSession } from './session-merge.js'
import { TimerQueue } from './timer-queue.js'
import { NO_TIME, type TimerSlot, type WindowEntry } from './window-entry.js'
import { WindowTriggerContext } from './window-trigger-context.js'

export interface KeyedWindowOptions {
  readonly assigner: string
  readonly spec: TriggeredSpec
  readonly trigger: Trigger
  readonly contents: Contents
  readonly allowedLatenessMs: number
}

/**
 * The windows of a subtask that are kept by key, with a trigger and timers each.
 *
 * 1. A window is removed at its last millisecond + allowed lateness, in processing time at its end; global ones when a
 *    purge leaves nothing to keep.
 * 2. A row is handled window by window: a window that fires may fill the output, and the rest of the row waits.
 * 3. A session knows under which windows its results went out, until a firing has said that it replaces them.
 */
export class KeyedWindows {
  readonly inProcessingTime: boolean
  readonly latenessMs: number
  readonly operatorId: string
  readonly environment: Environment
  readonly store: KeyedWindowStore
  readonly watermarks: GroupWatermarks
  readonly eventTimers = new TimerQueue()
  readonly processingTimers = new TimerQueue()
  /** The next window of the row in hand; NO_TIME when it has not been looked at. */
  cursor = NO_TIME
  /** Event time as a record sees it that waited for its turn; NO_TIME for all others. */
  turn = NO_TIME
  private readonly isGlobal: boolean
  private readonly isSession: boolean
  private readonly trigger: Trigger
  private readonly contents: Contents
  private readonly context: OperatorContext
  private readonly triggerContext: WindowTriggerContext
  private readonly dropped: DroppedRecords

  constructor({ spec, trigger, contents, assigner, allowedLatenessMs }: KeyedWindowOptions, context: OperatorContext) {
    const { operatorId, keyGroups, environment } = context
    this.isGlobal = spec.kind === 'global'
    this.isSession = spec.kind === 'session'
    this.trigger = trigger
    this.contents = contents
    this.inProcessingTime = spec.kind !== 'global' && spec.time === 'processing'
    this.latenessMs = this.inProcessingTime ? 0 : allowedLatenessMs
    this.context = context
    this.operatorId = operatorId
    this.environment = environment
    this.watermarks = new GroupWatermarks(context)
    this.dropped = new DroppedRecords(context, contents.lateOutput)
    this.triggerContext = new WindowTriggerContext(environment.clock, this.eventTimers, this.processingTimers)
    this.store = new KeyedWindowStore({ assigner, operatorId, keyGroups }, context.keyedState)
  }

  onRestored(): void {
    for (const entry of this.store.entries()) this.schedule(entry)
  }

  requestClock(): void {
    const next = this.processingTimers.nextTime
    if (!Number.isNaN(next)) this.context.requestProcessingTime(next)
  }

  /** In processing time nothing is late. */
  lateBefore(group: number): number {
    return this.inProcessingTime ? Number.NEGATIVE_INFINITY : this.watermarkOf(group)
  }

  /** Adds the row and asks the trigger. False: the output is full, and the row goes on at `next`. */
  enter(entry: WindowEntry, value: unknown, timestamp: number, next: number, output: Output): boolean {
    const { aggregate } = this.contents
    this.store.touch(entry)
    const before = entry.accumulator
    entry.accumulator = aggregate.add(before === undefined ? aggregate.create() : before, value, timestamp)
    const context = this.triggerContext.of(entry, this.watermarkOf(entry.group))
    let result: TriggerResult
    try {
      result = this.trigger.onRecord(value, timestamp, this.windowOf(entry), context)
    } catch (thrown) {
      throw this.triggerFailed(thrown)
    }
    this.schedule(entry)
    if (this.apply(result, entry, output)) return true
    this.cursor = next
    return false
  }

  /** No window takes it. False: the output is full. */
  drop(value: unknown, timestamp: number, lateBefore: number, output: Output): boolean {
    const isLate = timestamp + this.latenessMs <= lateBefore
    if (isLate && output.full) return false
    if (isLate) this.dropped.addLate(value, timestamp, output)
    else this.dropped.addOutside()
    return true
  }

  /** The sessions from `first` to before `behind` and [start, end) become one; timers of the old windows go. */
  growSession(sessions: OpenWindows, first: number, behind: number, { start, end }: TimeWindow): void {
    const target = sessions.at(first) as WindowEntry
    this.store.touch(target)
    const absorbed = sessions.take(first + 1, behind - first - 1)
    const states = [target.triggerState]
    for (const later of absorbed) {
      states.push(later.triggerState)
      absorbSession(target, later, this.contents.aggregate)
      this.eventTimers.cancel(later.eventTime)
      this.processingTimers.cancel(later.processingTime)
    }
    target.start = Math.min(target.start, start)
    target.end = Math.max(target.end, end)
    target.eventTime.times.length = 0
    target.processingTime.times.length = 0
    const context = this.triggerContext.of(target, this.watermarkOf(target.group))
    let merged: unknown
    try {
      merged = this.trigger.merge?.(target, states, context)
    } catch (thrown) {
      throw this.triggerFailed(thrown)
    }
    requireNoPromise(merged, 'merge of the trigger ', this.trigger.kind)
  }

  /** The next timer of a window. False: the output filled up while its rows were emitted. */
  fireTimer(slot: TimerSlot, queue: TimerQueue, output: Output): boolean {
    try {
      return this.fireNext(slot, queue, output)
    } catch (thrown) {
      throw firingFailed(thrown, this.operatorId, this.windowOf(slot.entry))
    }
  }

  private fireNext(slot: TimerSlot, queue: TimerQueue, output: Output): boolean {
    const { entry } = slot
    const time = slot.nextTime()
    this.store.touch(entry)
    let isOut = true
    if (slot.remove(time)) {
      const context = this.triggerContext.of(entry, this.watermarkOf(entry.group))
      const window = this.windowOf(entry)
      let result: TriggerResult
      try {
        result =
          queue === this.eventTimers
            ? this.trigger.onEventTime(time, window, context)
            : this.trigger.onProcessingTime(time, window, context)
      } catch (thrown) {
        throw this.triggerFailed(thrown, window)
      }
      isOut = this.apply(result, entry, output)
    }
    if (slot.cleanupAt <= time) this.remove(entry)
    else queue.schedule(slot)
    return isOut
  }

  private watermarkOf(group: number): number {
    return Number.isNaN(this.turn) ? this.watermarks.of(group) : this.turn
  }

  /** False: the output filled up while the window's rows were emitted. */
  private apply(result: TriggerResult, entry: WindowEntry, output: Output): boolean {
    if (result === 'continue') return true
    // Whatever a trigger of the user's gave else would drop the contents.
    if (!RESULTS.has(result)) throw triggerResultInvalid(this.operatorId, this.trigger.kind, result)
    const contents = entry.accumulator
    const isFired = result !== 'purge' && contents !== undefined
    const window = this.isGlobal ? GLOBAL_WINDOW : { start: entry.start, end: entry.end }
    const { guard } = this.context
    const failures = guard?.givenUp
    const passed = guard?.passed
    const earlier = entry.fired
    const replaces = this.isSession && isFired ? replacedBy(window as TimeWindow, entry) : NOTHING_REPLACED
    if (result !== 'fire') this.purge(entry)
    if (!isFired) return true
    const isOut = this.contents.emit(entry.key, window, contents, this.watermarkOf(entry.group), output, replaces)
    // It has failed, and nothing of it went out: what it was to replace, a later one replaces.
    if (result === 'fire' && guard?.givenUp !== failures && guard?.passed === passed) entry.fired = earlier
    if (result === 'fire' && this.contents.isEmpty?.(contents)) this.purge(entry)
    return isOut
  }

  private purge(entry: WindowEntry): void {
    entry.accumulator = undefined
    // What comes next does not have what was in them: they stay.
    entry.fired = undefined
    const isIdle = entry.eventTime.times.length === 0 && entry.processingTime.times.length === 0
    if (this.isGlobal && isIdle && entry.triggerState === undefined) this.remove(entry)
  }

  private remove(entry: WindowEntry): void {
    const context = this.triggerContext.of(entry, this.watermarkOf(entry.group))
    const window = this.windowOf(entry)
    let cleared: unknown
    try {
      cleared = this.trigger.clear?.(window, context)
    } catch (thrown) {
      throw this.triggerFailed(thrown, window)
    }
    requireNoPromise(cleared, 'clear of the trigger ', this.trigger.kind)
    this.contents.onRemoved?.(entry.start, entry.key, entry.group)
    this.store.remove(entry)
    this.eventTimers.cancel(entry.eventTime)
    this.processingTimers.cancel(entry.processingTime)
  }

  /** The window's own function is innocent. At a record, whoever took the row adds which it was. */
  private triggerFailed(thrown: unknown, window?: Window): TidemarkError {
    const call = `the trigger ${this.trigger.kind}`
    return userError(thrown, { operatorId: this.operatorId, call, ...(window && placeOf(window)) })
  }

  private schedule(entry: WindowEntry): void {
    if (this.inProcessingTime) entry.processingTime.cleanupAt = entry.end
    else entry.eventTime.cleanupAt = entry.end - 1 + this.latenessMs
    this.eventTimers.schedule(entry.eventTime)
    this.processingTimers.schedule(entry.processingTime)
  }

  private windowOf(entry: WindowEntry): Window {
    return this.isGlobal ? GLOBAL_WINDOW : entry
  }
}

const RESULTS: ReadonlySet<unknown> = new Set<TriggerResult>(['continue', 'fire', 'purge', 'fireAndPurge'])

/** Puts a row into the windows that it belongs to: what the kinds of windows differ in. */
export interface WindowPlacement {
  /** False: the output is full, and the row is begun; it comes again. */
  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean
}
