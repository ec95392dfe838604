import type { Batch } from '../../element.js'
import type { Environment } from '../../environment.js'
import type { InternalKey } from '../../state/key.js'
import { alignedStart, oldestStart } from '../../window/alignment.js'
import { GLOBAL_WINDOW, type Window } from '../../window/time-window.js'
import type { Trigger, TriggerResult } from '../../window/trigger.js'
import type { WindowSpec } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { DroppedRecords } from './dropped-records.js'
import { GroupWatermarks } from './group-watermarks.js'
import { keysMissing, rowFailed, timestampMissing } from './invalid-input.js'
import { KeyedWindowStore } from './keyed-window-store.js'
import { absorbSession, endOfTouching, firstTouching } from './session-merge.js'
import { TimerQueue } from './timer-queue.js'
import { NO_TIME, type TimerSlot, WindowEntry } from './window-entry.js'
import { WindowTriggerContext } from './window-trigger-context.js'

export interface KeyedWindowOptions {
  readonly assigner: string
  readonly spec: WindowSpec
  readonly trigger: Trigger
  readonly contents: Contents
  readonly allowedLatenessMs: number
}

/**
 * Windows kept by key, with a trigger and timers each: sessions, global windows, and aligned ones whose trigger is not
 * the default.
 *
 * 1. A window is removed at its last millisecond + allowed lateness, in processing time at its end; global ones when a
 *    purge leaves nothing to keep.
 * 2. A row is handled window by window: a window that fires may fill the output, and the rest of the row waits.
 */
export class KeyedWindowOperator implements Operator {
  private readonly options: KeyedWindowOptions
  private readonly spec: WindowSpec
  private readonly trigger: Trigger
  private readonly contents: Contents
  private readonly inProcessingTime: boolean
  private readonly latenessMs: number
  private readonly eventTimers = new TimerQueue()
  private readonly processingTimers = new TimerQueue()

  private context!: OperatorContext
  private environment!: Environment
  private store!: KeyedWindowStore
  private triggerContext!: WindowTriggerContext
  private watermarks!: GroupWatermarks
  private dropped!: DroppedRecords
  private firstGroup = 0

  /** The next window of the row in hand; NO_TIME when it has not been looked at. */
  private cursor = NO_TIME
  private isTaken = false
  /** What the firing in hand goes up to; NO_TIME when there is none. */
  private until = NO_TIME

  constructor(options: KeyedWindowOptions) {
    const { spec } = options
    this.options = options
    this.spec = spec
    this.trigger = options.trigger
    this.contents = options.contents
    this.inProcessingTime = spec.kind !== 'global' && spec.time === 'processing'
    this.latenessMs = this.inProcessingTime ? 0 : options.allowedLatenessMs
  }

  open(context: OperatorContext): void | Promise<void> {
    const { operatorId, keyGroups, environment } = context
    this.context = context
    this.environment = environment
    this.firstGroup = keyGroups.first
    this.watermarks = new GroupWatermarks(context)
    this.dropped = new DroppedRecords(context, this.contents.lateOutput)
    this.triggerContext = new WindowTriggerContext(environment.clock, this.eventTimers, this.processingTimers)
    this.store = new KeyedWindowStore({ assigner: this.options.assigner, operatorId, keyGroups }, context.keyedState)
    return this.contents.open(context)
  }

  onRestored(): void {
    for (const entry of this.store.entries()) this.schedule(entry)
    this.requestClock()
  }

  process(batch: Batch, from: number, output: Output): number {
    const { values, timestamps, keys, groups } = batch
    if (keys === undefined || groups === undefined) throw keysMissing(this.context.operatorId)
    const now = this.inProcessingTime ? this.environment.clock.now() : 0
    let row = from
    try {
      for (; row < values.length; row++) {
        const timestamp = this.inProcessingTime ? now : (timestamps[row] as number)
        const group = (groups[row] as number) - this.firstGroup
        if (!this.addRow(values[row], timestamp, keys[row] as InternalKey, group, output)) break
      }
    } catch (thrown) {
      throw rowFailed(thrown, this.context.operatorId, { batch, position: row })
    }
    this.requestClock()
    return row
  }

  onWatermark(watermark: number, output: Output): boolean {
    if (Number.isNaN(this.until)) {
      if (watermark <= this.watermarks.current) return true
      this.watermarks.advance(watermark)
      this.until = watermark
    }
    if (!this.fireTimers(this.eventTimers, output)) return false
    this.watermarks.settle()
    this.requestClock()
    return true
  }

  onProcessingTime(now: number, output: Output): boolean {
    if (Number.isNaN(this.until)) this.until = now
    if (!this.fireTimers(this.processingTimers, output)) return false
    this.requestClock()
    return true
  }

  close(): void | Promise<void> {
    return this.contents.close()
  }

  /** False: the output is full, and the row is begun. */
  private addRow(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    if (!Number.isNaN(this.cursor) && !this.contents.drain(output)) return false
    const isAdded = this.addToWindows(value, timestamp, key, group, output)
    if (isAdded) this.cursor = NO_TIME
    return isAdded
  }

  private addToWindows(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { spec } = this
    switch (spec.kind) {
      case 'global':
        return this.addToGlobal(value, timestamp, key, group, output)
      case 'session':
        return this.addToSession(spec.gapMs, value, timestamp, key, group, output)
      case 'tumbling':
        return this.addToAligned(spec.sizeMs, spec.sizeMs, spec.offsetMs, value, timestamp, key, group, output)
      case 'sliding':
        return this.addToAligned(spec.sizeMs, spec.slideMs, spec.offsetMs, value, timestamp, key, group, output)
    }
  }

  private addToGlobal(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    if (!Number.isNaN(this.cursor)) return true
    if (output.full) return false
    const entry = this.store.windowAt(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, group, key)
    return this.addToWindow(entry, value, timestamp, Number.POSITIVE_INFINITY, output)
  }

  private addToAligned(
    sizeMs: number,
    slideMs: number,
    offsetMs: number,
    value: unknown,
    timestamp: number,
    key: InternalKey,
    group: number,
    output: Output,
  ): boolean {
    if (!Number.isFinite(timestamp)) throw timestampMissing(this.context.operatorId, timestamp)
    if (Number.isNaN(this.cursor)) {
      this.cursor = oldestStart(timestamp, sizeMs, slideMs, offsetMs)
      this.isTaken = false
    }
    const lateBefore = this.lateBefore(group)
    const newest = alignedStart(timestamp, slideMs, offsetMs)
    while (this.cursor <= newest) {
      if (output.full) return false
      const start = this.cursor
      const next = start + slideMs
      if (start + sizeMs - 1 + this.latenessMs > lateBefore) {
        this.isTaken = true
        const entry = this.store.windowAt(start, start + sizeMs, group, key)
        if (!this.addToWindow(entry, value, timestamp, next, output)) return false
      }
      this.cursor = next
    }
    return this.isTaken || this.drop(value, timestamp, lateBefore, output)
  }

  private addToSession(
    gapMs: number,
    value: unknown,
    timestamp: number,
    key: InternalKey,
    group: number,
    output: Output,
  ): boolean {
    if (!Number.isFinite(timestamp)) throw timestampMissing(this.context.operatorId, timestamp)
    if (!Number.isNaN(this.cursor)) return true
    if (output.full) return false
    const end = timestamp + gapMs
    const sessions = this.store.windowsOf(group, key)
    const first = sessions === undefined ? 0 : firstTouching(sessions, timestamp)
    const behind = sessions === undefined ? 0 : endOfTouching(sessions, first, end)
    if (sessions === undefined || first === behind) {
      const lateBefore = this.lateBefore(group)
      if (end - 1 + this.latenessMs <= lateBefore) return this.drop(value, timestamp, lateBefore, output)
      const entry = this.store.insert(new WindowEntry(timestamp, end, key, group), first)
      return this.addToWindow(entry, value, timestamp, end, output)
    }
    const entry = sessions[first] as WindowEntry
    if (behind - first > 1 || timestamp < entry.start || end > entry.end) {
      this.growSession(sessions, first, behind, timestamp, end)
    }
    return this.addToWindow(entry, value, timestamp, end, output)
  }

  /** The sessions from `first` to before `behind` and [start, end) become one; timers of the old windows go. */
  private growSession(sessions: WindowEntry[], first: number, behind: number, start: number, end: number): void {
    const target = sessions[first] as WindowEntry
    this.store.touch(target)
    const absorbed = sessions.splice(first + 1, behind - first - 1)
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
    const context = this.triggerContext.of(target, this.watermarks.of(target.group))
    this.trigger.merge?.(target, states, context)
  }

  /** Adds the row and asks the trigger. False: the output is full, and the row goes on at `next`. */
  private addToWindow(entry: WindowEntry, value: unknown, timestamp: number, next: number, output: Output): boolean {
    const { aggregate } = this.contents
    this.store.touch(entry)
    const before = entry.accumulator
    entry.accumulator = aggregate.add(before === undefined ? aggregate.create() : before, value, timestamp)
    const context = this.triggerContext.of(entry, this.watermarks.of(entry.group))
    const result = this.trigger.onRecord(value, timestamp, this.windowOf(entry), context)
    this.schedule(entry)
    if (this.apply(result, entry, output)) return true
    this.cursor = next
    return false
  }

  /** False: the output filled up while the window's rows were emitted. */
  private apply(result: TriggerResult, entry: WindowEntry, output: Output): boolean {
    if (result === 'continue') return true
    const contents = entry.accumulator
    if (result !== 'fire') this.purge(entry)
    if (result === 'purge' || contents === undefined) return true
    const window = this.spec.kind === 'global' ? GLOBAL_WINDOW : { start: entry.start, end: entry.end }
    return this.contents.emit(entry.key, window, contents, this.watermarks.of(entry.group), output)
  }

  private purge(entry: WindowEntry): void {
    entry.accumulator = undefined
    const isIdle = entry.eventTime.times.length === 0 && entry.processingTime.times.length === 0
    if (this.spec.kind === 'global' && isIdle && entry.triggerState === undefined) this.remove(entry)
  }

  private fireTimers(queue: TimerQueue, output: Output): boolean {
    if (!this.contents.drain(output)) return false
    for (;;) {
      if (output.full) return false
      const slot = queue.takeDue(this.until)
      if (slot === undefined) break
      if (!this.fireTimer(slot, queue, output)) return false
    }
    this.until = NO_TIME
    return true
  }

  private fireTimer(slot: TimerSlot, queue: TimerQueue, output: Output): boolean {
    const { entry } = slot
    const time = slot.nextTime()
    this.store.touch(entry)
    let isOut = true
    if (slot.remove(time)) {
      const context = this.triggerContext.of(entry, this.watermarks.of(entry.group))
      const window = this.windowOf(entry)
      const result =
        queue === this.eventTimers
          ? this.trigger.onEventTime(time, window, context)
          : this.trigger.onProcessingTime(time, window, context)
      isOut = this.apply(result, entry, output)
    }
    if (slot.cleanupAt <= time) this.remove(entry)
    else queue.schedule(slot)
    return isOut
  }

  private remove(entry: WindowEntry): void {
    this.trigger.clear?.(this.windowOf(entry), this.triggerContext.of(entry, this.watermarks.of(entry.group)))
    this.store.remove(entry)
    this.eventTimers.cancel(entry.eventTime)
    this.processingTimers.cancel(entry.processingTime)
  }

  private schedule(entry: WindowEntry): void {
    if (this.inProcessingTime) entry.processingTime.cleanupAt = entry.end
    else entry.eventTime.cleanupAt = entry.end - 1 + this.latenessMs
    this.eventTimers.schedule(entry.eventTime)
    this.processingTimers.schedule(entry.processingTime)
  }

  /** In processing time nothing is late. */
  private lateBefore(group: number): number {
    return this.inProcessingTime ? Number.NEGATIVE_INFINITY : this.watermarks.of(group)
  }

  private drop(value: unknown, timestamp: number, lateBefore: number, output: Output): boolean {
    const isLate = timestamp + this.latenessMs <= lateBefore
    if (isLate && output.full) return false
    if (isLate) this.dropped.addLate(value, timestamp, output)
    else this.dropped.addOutside()
    return true
  }

  private windowOf(entry: WindowEntry): Window {
    return this.spec.kind === 'global' ? GLOBAL_WINDOW : entry
  }

  private requestClock(): void {
    const next = this.processingTimers.nextTime
    if (!Number.isNaN(next)) this.context.requestProcessingTime(next)
  }
}
