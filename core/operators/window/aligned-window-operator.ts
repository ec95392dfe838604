import type { Batch } from '../../element.js'
import type { Environment } from '../../environment.js'
import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import { alignedStart, oldestStart } from '../../window/alignment.js'
import type { TimeWindow } from '../../window/time-window.js'
import type { SlidingSpec, TumblingSpec } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { DroppedRecords } from './dropped-records.js'
import { GroupWatermarks } from './group-watermarks.js'
import { keysMissing, rowFailed, timestampMissing } from './invalid-input.js'
import { PaneFiring } from './pane-firing.js'
import { Pane, PaneStore } from './pane-store.js'

/** A row whose windows have not been looked at yet. */
const FRESH_ROW = Number.NaN

export interface AlignedWindowOptions {
  readonly assigner: string
  readonly spec: TumblingSpec | SlidingSpec
  readonly contents: Contents
  readonly allowedLatenessMs: number
}

/**
 * Tumbling windows (and sliding ones that cannot use slices) with their default trigger, kept by window: what a record
 * costs is one look into the map of its window and key group, and there is no timer for a key.
 *
 * 1. A pane has fired for a key group when its last millisecond is at or before the group's watermark; what is added
 *    then fires at once.
 * 2. In processing time nothing is late: a pane fires, and goes, when the clock has reached its end.
 */
export class AlignedWindowOperator implements Operator {
  private readonly options: AlignedWindowOptions
  private readonly sizeMs: number
  private readonly slideMs: number
  private readonly offsetMs: number
  private readonly inProcessingTime: boolean
  private readonly latenessMs: number
  private readonly contents: Contents
  private readonly aggregate: Aggregate<unknown, unknown, unknown>

  private context!: OperatorContext
  private environment!: Environment
  private store!: PaneStore
  private watermarks!: GroupWatermarks
  private dropped!: DroppedRecords
  private firing!: PaneFiring
  private firstGroup = 0

  /** The newest pane of the row before: most rows are in it again. Only of tumbling windows. */
  private hot = NO_PANE
  private hotEnd = Number.NEGATIVE_INFINITY
  /** The next window of the row in hand. */
  private cursor = FRESH_ROW
  private isTaken = false

  constructor(options: AlignedWindowOptions) {
    const { spec } = options
    this.options = options
    this.sizeMs = spec.sizeMs
    this.slideMs = spec.kind === 'tumbling' ? spec.sizeMs : spec.slideMs
    this.offsetMs = spec.offsetMs
    this.inProcessingTime = spec.time === 'processing'
    this.latenessMs = this.inProcessingTime ? 0 : options.allowedLatenessMs
    this.contents = options.contents
    this.aggregate = options.contents.aggregate
  }

  open(context: OperatorContext): void | Promise<void> {
    const { operatorId, keyGroups } = context
    this.context = context
    this.environment = context.environment
    this.firstGroup = keyGroups.first
    this.watermarks = new GroupWatermarks(context)
    this.dropped = new DroppedRecords(context, this.contents.lateOutput)
    const { assigner } = this.options
    const panes = { layout: 'by-window', assigner, operatorId, keyGroups, aggregate: this.aggregate } as const
    this.store = new PaneStore(panes, context.keyedState)
    this.firing = new PaneFiring(this.store, this.contents, this.sizeMs, !this.inProcessingTime)
    return this.contents.open(context)
  }

  onRestored(): void {
    this.store.onRestored()
    this.requestClock()
  }

  process(batch: Batch, from: number, output: Output): number {
    const { values, timestamps, keys, groups } = batch
    if (keys === undefined || groups === undefined) throw keysMissing(this.context.operatorId)
    const { store, firstGroup, watermarks, inProcessingTime } = this
    const now = inProcessingTime ? this.environment.clock.now() : 0
    const length = values.length
    let row = from
    try {
      for (; row < length; row++) {
        const timestamp = inProcessingTime ? now : (timestamps[row] as number)
        const key = keys[row] as InternalKey
        const group = (groups[row] as number) - firstGroup
        const pane = this.hot
        const isHot = timestamp >= pane.start && timestamp < this.hotEnd
        if (!isHot || (!inProcessingTime && this.hotEnd - 1 <= watermarks.of(group))) {
          if (!this.addToWindows(values[row], timestamp, key, group, output)) return row
          continue
        }
        store.add(pane, group, key, values[row], timestamp)
      }
    } catch (thrown) {
      throw rowFailed(thrown, this.context.operatorId, { batch, position: row })
    }
    return length
  }

  onWatermark(watermark: number, output: Output): boolean {
    const { firing, watermarks } = this
    if (this.inProcessingTime) {
      // For the user's function to see; it fires nothing.
      watermarks.advance(watermark)
      return true
    }
    if (!firing.isActive) {
      if (watermark <= watermarks.current) return true
      firing.begin(watermarks.current, watermark)
      watermarks.advance(watermark)
    }
    if (!firing.run(watermarks, output)) return false
    this.dropThrough(watermark)
    watermarks.settle()
    return true
  }

  onProcessingTime(now: number, output: Output): boolean {
    if (!this.inProcessingTime) return true
    const { firing } = this
    if (!firing.isActive) firing.begin(Number.NEGATIVE_INFINITY, now - 1)
    if (!firing.run(this.watermarks, output)) return false
    this.dropThrough(firing.until)
    this.requestClock()
    return true
  }

  close(): void | Promise<void> {
    return this.contents.close()
  }

  /** Adds a row to all windows that still take it. False: the output is full, and the row is begun. */
  private addToWindows(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    if (!Number.isFinite(timestamp)) throw timestampMissing(this.context.operatorId, timestamp)
    const { sizeMs, slideMs, offsetMs, latenessMs } = this
    const watermark = this.inProcessingTime ? Number.NEGATIVE_INFINITY : this.watermarks.of(group)
    if (Number.isNaN(this.cursor)) {
      this.cursor = oldestStart(timestamp, sizeMs, slideMs, offsetMs)
      this.isTaken = false
    } else if (!this.contents.drain(output)) return false
    const newest = alignedStart(timestamp, slideMs, offsetMs)
    while (this.cursor <= newest) {
      const start = this.cursor
      const maxTimestamp = start + sizeMs - 1
      const hasFired = maxTimestamp <= watermark
      if (maxTimestamp + latenessMs > watermark) {
        if (hasFired && output.full) return false
        this.isTaken = true
        const accumulator = this.add(start, value, timestamp, key, group)
        if (hasFired && !this.contents.emit(key, windowOf(start, sizeMs), accumulator, watermark, output)) {
          this.cursor = start + slideMs
          return false
        }
      }
      this.cursor = start + slideMs
    }
    if (!this.isTaken) {
      const isLate = timestamp + latenessMs <= watermark
      if (isLate && output.full) return false
      if (isLate) this.dropped.addLate(value, timestamp, output)
      else this.dropped.addOutside()
    }
    this.cursor = FRESH_ROW
    return true
  }

  private add(start: number, value: unknown, timestamp: number, key: InternalKey, group: number): unknown {
    const { store } = this
    let pane = store.find(start)
    if (pane === undefined) {
      pane = store.paneAt(start)
      if (this.inProcessingTime) this.requestClock()
    }
    if (this.slideMs === this.sizeMs) {
      this.hot = pane
      this.hotEnd = start + this.sizeMs
    }
    return store.add(pane, group, key, value, timestamp)
  }

  private dropThrough(watermark: number): void {
    const { panes } = this.store
    const keptMs = this.sizeMs - 1 + this.latenessMs
    let count = 0
    while (count < panes.length && (panes[count] as Pane).start + keptMs <= watermark) count++
    if (count === 0) return
    for (let index = 0; index < count; index++) this.contents.onDropped?.((panes[index] as Pane).start)
    this.store.dropFirst(count)
    this.hot = NO_PANE
    this.hotEnd = Number.NEGATIVE_INFINITY
  }

  private requestClock(): void {
    const oldest = this.store.panes[0]
    if (this.inProcessingTime && oldest !== undefined) this.context.requestProcessingTime(oldest.start + this.sizeMs)
  }
}

const NO_PANE = new Pane(Number.POSITIVE_INFINITY, 0)

function windowOf(start: number, sizeMs: number): TimeWindow {
  return { start, end: start + sizeMs }
}
