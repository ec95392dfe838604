import type { Batch } from '../../element.js'
import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import { Slicing } from '../../window/slicing.js'
import type { SlidingSpec } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { DroppedRecords } from './dropped-records.js'
import { GroupWatermarks } from './group-watermarks.js'
import { keysMissing, rowFailed, timestampMissing } from './invalid-input.js'
import { Pane, PaneStore } from './pane-store.js'
import { SliceCache } from './slice-cache.js'
import { SliceFiring } from './slice-firing.js'
import { SliceRefire } from './slice-refire.js'

export interface SlicedWindowOptions {
  readonly assigner: string
  readonly spec: SlidingSpec
  readonly contents: Contents
  readonly allowedLatenessMs: number
}

/**
 * Sliding event-time windows with the default trigger and an aggregate. A record is added once, to its slice; a window
 * is put together from its slices when it fires.
 */
export class SlicedWindowOperator implements Operator {
  private readonly options: SlicedWindowOptions
  private readonly slicing: Slicing
  private readonly contents: Contents
  private readonly aggregate: Aggregate<unknown, unknown, unknown>
  private readonly latenessMs: number

  private context!: OperatorContext
  private store!: PaneStore
  private cache!: SliceCache
  private firing!: SliceFiring
  private refire!: SliceRefire
  private watermarks!: GroupWatermarks
  private dropped!: DroppedRecords
  private firstGroup = 0

  /** The slice of the row before. */
  private hot = NO_SLICE
  private hotEnd = Number.NEGATIVE_INFINITY
  /** The row in hand is added, and what it fired is not all out. */
  private isRefiring = false

  constructor(options: SlicedWindowOptions) {
    this.options = options
    this.slicing = new Slicing(options.spec)
    this.contents = options.contents
    this.aggregate = options.contents.aggregate
    this.latenessMs = options.allowedLatenessMs
  }

  open(context: OperatorContext): void | Promise<void> {
    const { operatorId, keyGroups } = context
    const { slicing, aggregate, contents } = this
    this.context = context
    this.firstGroup = keyGroups.first
    this.watermarks = new GroupWatermarks(context)
    this.dropped = new DroppedRecords(context, this.contents.lateOutput)
    const { assigner } = this.options
    this.store = new PaneStore({ layout: 'by-slice', assigner, operatorId, keyGroups, aggregate }, context.keyedState)
    this.cache = new SliceCache(slicing, this.store, aggregate, keyGroups.end - keyGroups.first)
    this.firing = new SliceFiring(slicing, this.store, this.cache, contents)
    this.refire = new SliceRefire(slicing, this.store, aggregate)
    return contents.open(context)
  }

  onRestored(): void {
    this.store.onRestored()
  }

  process(batch: Batch, from: number, output: Output): number {
    const { values, timestamps, keys, groups } = batch
    if (keys === undefined || groups === undefined) throw keysMissing(this.context.operatorId)
    const { store, firstGroup, watermarks } = this
    const length = values.length
    let row = from
    try {
      for (; row < length; row++) {
        const timestamp = timestamps[row] as number
        const key = keys[row] as InternalKey
        const group = (groups[row] as number) - firstGroup
        const slice = this.hot
        // In front of the watermark no window of the slice has fired, and no sum holds it.
        const isHot = timestamp >= slice.start && timestamp < this.hotEnd && this.hotEnd - 1 > watermarks.of(group)
        if (!isHot) {
          if (!this.addToSlice(values[row], timestamp, key, group, output)) return row
          continue
        }
        store.add(slice, group, key, values[row], timestamp)
      }
    } catch (thrown) {
      throw rowFailed(thrown, this.context.operatorId, { batch, position: row })
    }
    return length
  }

  onWatermark(watermark: number, output: Output): boolean {
    const { firing, watermarks } = this
    if (!firing.isActive) {
      if (watermark <= watermarks.current) return true
      firing.begin(watermarks.current, watermark)
      watermarks.advance(watermark)
    }
    const progress = firing.run(watermarks, output)
    if (progress === 'turnEnded') this.context.wake()
    if (progress !== 'done') return false
    this.dropThrough(watermark)
    watermarks.settle()
    return true
  }

  close(): void | Promise<void> {
    return this.contents.close()
  }

  /** Adds a row to its slice, if any window still takes it. False: the output is full, and the row is begun. */
  private addToSlice(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    if (!Number.isFinite(timestamp)) throw timestampMissing(this.context.operatorId, timestamp)
    const { slicing, refire, latenessMs } = this
    const watermark = this.watermarks.of(group)
    if (this.isRefiring) return this.emitRefires(key, watermark, output)
    const ordinal = slicing.ordinalAt(timestamp)
    const first = slicing.firstWindow(ordinal)
    const last = slicing.lastWindow(ordinal)
    if (last < first || slicing.maxTimestamp(last) + latenessMs <= watermark) {
      const isLate = timestamp + latenessMs <= watermark
      if (isLate && output.full) return false
      if (isLate) this.dropped.addLate(value, timestamp, output)
      else this.dropped.addOutside()
      return true
    }
    this.add(ordinal, value, timestamp, key, group)
    const oldest = Math.max(first, slicing.lastWindowBy(watermark - latenessMs) + 1)
    const newest = Math.min(last, slicing.lastWindowBy(watermark))
    if (latenessMs === 0 || oldest > newest) return true
    refire.begin(group, key, oldest, newest)
    this.isRefiring = true
    return this.emitRefires(key, watermark, output)
  }

  private add(ordinal: number, value: unknown, timestamp: number, key: InternalKey, group: number): void {
    const { slicing } = this
    const slice = this.store.paneAt(slicing.sliceStart(ordinal))
    this.hot = slice
    this.hotEnd = slicing.sliceStart(ordinal + 1)
    this.store.add(slice, group, key, value, timestamp)
    this.cache.addLate(ordinal, group, key, value, timestamp)
  }

  private emitRefires(key: InternalKey, watermark: number, output: Output): boolean {
    const { refire, slicing, contents } = this
    if (!contents.drain(output)) return false
    while (refire.isActive) {
      if (output.full) return false
      const start = slicing.windowStart(refire.currentWindow())
      const window = { start, end: start + slicing.sizeMs }
      const whole = refire.contents()
      refire.next()
      if (!contents.emit(key, window, whole, watermark, output)) return false
    }
    this.isRefiring = false
    return true
  }

  private dropThrough(watermark: number): void {
    const { slicing, store } = this
    let count = 0
    for (; count < store.panes.length; count++) {
      const ordinal = slicing.ordinalAt((store.panes[count] as Pane).start)
      if (slicing.maxTimestamp(slicing.lastWindow(ordinal)) + this.latenessMs > watermark) break
    }
    if (count === 0) return
    store.dropFirst(count)
    if (store.panes.length === 0) this.cache.clear()
    this.hot = NO_SLICE
    this.hotEnd = Number.NEGATIVE_INFINITY
  }
}

const NO_SLICE = new Pane(Number.POSITIVE_INFINITY, 0)
