import type { Clock } from '../../environment.js'
import { timestampInvalid } from '../../time/timestamp.js'
import type { TriggerContext } from '../../window/trigger.js'
import type { TimerQueue } from './timer-queue.js'
import type { WindowEntry } from './window-entry.js'

/** What a trigger sees of the window that it is asked about: one object, set to each window in turn. */
export class WindowTriggerContext implements TriggerContext {
  watermark = Number.NEGATIVE_INFINITY
  private readonly clock: Clock
  private readonly eventTimers: TimerQueue
  private readonly processingTimers: TimerQueue
  private entry!: WindowEntry

  constructor(clock: Clock, eventTimers: TimerQueue, processingTimers: TimerQueue) {
    this.clock = clock
    this.eventTimers = eventTimers
    this.processingTimers = processingTimers
  }

  of(entry: WindowEntry, watermark: number): this {
    this.entry = entry
    this.watermark = watermark
    return this
  }

  get processingTime(): number {
    return this.clock.now()
  }

  get state(): unknown {
    return this.entry.triggerState
  }

  set state(state: unknown) {
    this.entry.triggerState = state
  }

  /** @throws TidemarkError TIMESTAMP_INVALID for NaN and what is not a number: it would hide the window's other timers */
  registerEventTimeTimer(timestamp: number): void {
    requireTime(timestamp)
    this.entry.eventTime.add(timestamp)
    this.eventTimers.schedule(this.entry.eventTime)
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.entry.eventTime.remove(timestamp)
  }

  /** @throws TidemarkError TIMESTAMP_INVALID, as above */
  registerProcessingTimeTimer(timestamp: number): void {
    requireTime(timestamp)
    this.entry.processingTime.add(timestamp)
    this.processingTimers.schedule(this.entry.processingTime)
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.entry.processingTime.remove(timestamp)
  }
}

function requireTime(timestamp: number): void {
  if (typeof timestamp !== 'number' || Number.isNaN(timestamp)) throw timestampInvalid(timestamp)
}
