import type { Batch } from '../../element.js'
import type { InternalKey } from '../../state/key.js'
import type { TriggeredSpec } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { dueRowFailed, keysMissing, rowFailed } from './invalid-input.js'
import { type KeyedWindowOptions, KeyedWindows, type WindowPlacement } from './keyed-windows.js'
import { AlignedPlacement } from './place-aligned.js'
import { CutSessionPlacement } from './place-cut-session.js'
import { GlobalPlacement } from './place-global.js'
import { SessionPlacement } from './place-session.js'
import { StaggerPlacement } from './place-stagger.js'
import { type DueRecords, WaitingRecords } from './waiting-records.js'
import { NO_TIME } from './window-entry.js'

/** Sessions, global and stagger windows, and aligned ones whose trigger is not the default. */
export class KeyedWindowOperator implements Operator {
  private readonly options: KeyedWindowOptions
  private readonly contents: Contents

  private context!: OperatorContext
  private windows!: KeyedWindows
  private placement!: WindowPlacement
  private firstGroup = 0

  /** What the firing in hand goes up to; NO_TIME when there is none. */
  private until = NO_TIME
  private waiting: WaitingRecords | undefined
  /** Those whose turn it is, from `nextDue` on. */
  private due: DueRecords | undefined
  private nextDue = 0

  constructor(options: KeyedWindowOptions) {
    this.options = options
    this.contents = options.contents
  }

  open(context: OperatorContext): void | Promise<void> {
    const { spec } = this.options
    this.context = context
    this.firstGroup = context.keyGroups.first
    this.windows = new KeyedWindows(this.options, context)
    if (isOrdered(spec)) this.waiting = new WaitingRecords(context, this.contents.waiting)
    this.placement = placementOf(spec, this.windows, this.waiting)
    return this.contents.open(context)
  }

  onRestored(): void {
    this.windows.onRestored()
    this.windows.requestClock()
  }

  process(batch: Batch, from: number, output: Output): number {
    const { values, timestamps, keys, groups } = batch
    if (keys === undefined || groups === undefined) throw keysMissing(this.context.operatorId)
    const { windows, firstGroup } = this
    const { inProcessingTime } = windows
    const now = inProcessingTime ? windows.environment.clock.now() : 0
    let row = from
    try {
      for (; row < values.length; row++) {
        const timestamp = inProcessingTime ? now : (timestamps[row] as number)
        const group = (groups[row] as number) - firstGroup
        if (!this.addRow(values[row], timestamp, keys[row] as InternalKey, group, output)) break
      }
    } catch (thrown) {
      throw rowFailed(thrown, this.context.operatorId, { batch, position: row })
    }
    windows.requestClock()
    return row
  }

  onWatermark(watermark: number, output: Output): boolean {
    const { watermarks, eventTimers } = this.windows
    if (Number.isNaN(this.until)) {
      if (watermark <= watermarks.current) return true
      watermarks.advance(watermark)
      this.until = watermark
    }
    if (!this.contents.drain(output)) return false
    for (;;) {
      if (output.full) return false
      if (this.due !== undefined && this.waiting !== undefined) {
        if (!this.placeDue(this.waiting, this.due, output)) return false
        continue
      }
      const nextWaiting = this.waiting?.nextTime ?? NO_TIME
      const isWaiting = nextWaiting <= this.until
      // A record comes before the watermark that reaches it, and so before what fires then.
      const slot = eventTimers.takeDue(isWaiting ? nextWaiting - 1 : this.until)
      if (slot !== undefined) {
        if (!this.windows.fireTimer(slot, eventTimers, output)) return false
      } else if (isWaiting) {
        this.due = this.waiting?.takeDue(nextWaiting)
        this.nextDue = 0
      } else break
    }
    this.until = NO_TIME
    watermarks.settle()
    this.windows.requestClock()
    return true
  }

  onProcessingTime(now: number, output: Output): boolean {
    const { processingTimers } = this.windows
    if (Number.isNaN(this.until)) this.until = now
    if (!this.contents.drain(output)) return false
    for (;;) {
      if (output.full) return false
      const slot = processingTimers.takeDue(this.until)
      if (slot === undefined) break
      if (!this.windows.fireTimer(slot, processingTimers, output)) return false
    }
    this.until = NO_TIME
    this.windows.requestClock()
    return true
  }

  close(): void | Promise<void> {
    return this.contents.close()
  }

  /** False: the output is full, and the row is begun. */
  private addRow(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows } = this
    if (!Number.isNaN(windows.cursor) && !this.contents.drain(output)) return false
    if (!this.placement.place(value, timestamp, key, group, output)) return false
    windows.cursor = NO_TIME
    return true
  }

  private placeDue(waiting: WaitingRecords, { values, timestamp, key, group }: DueRecords, output: Output): boolean {
    const { windows } = this
    windows.turn = timestamp - 1
    try {
      for (; this.nextDue < values.length; this.nextDue++) {
        const value = waiting.take(values[this.nextDue])
        if (!this.addRow(value, timestamp, key, group, output)) return false
      }
    } catch (thrown) {
      throw dueRowFailed(thrown, this.context.operatorId, timestamp)
    } finally {
      windows.turn = NO_TIME
    }
    this.due = undefined
    return true
  }
}

/** Whether the bounds of windows depend on which record comes first. In processing time they come in order. */
function isOrdered(spec: TriggeredSpec): boolean {
  if (spec.kind === 'session') return spec.time === 'event' && spec.maxLengthMs !== Number.POSITIVE_INFINITY
  return spec.kind === 'stagger' && spec.time === 'event'
}

function placementOf(spec: TriggeredSpec, windows: KeyedWindows, waiting: WaitingRecords | undefined): WindowPlacement {
  switch (spec.kind) {
    case 'global':
      return new GlobalPlacement(windows)
    case 'session':
      return spec.maxLengthMs === Number.POSITIVE_INFINITY
        ? new SessionPlacement(windows, spec.gapOf)
        : new CutSessionPlacement(windows, spec, waiting)
    case 'stagger':
      return new StaggerPlacement(windows, spec.lengthMs, waiting)
    default:
      return new AlignedPlacement(windows, spec)
  }
}
