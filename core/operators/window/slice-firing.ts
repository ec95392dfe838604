import type { InternalKey } from '../../state/key.js'
import type { Slicing } from '../../window/slicing.js'
import type { TimeWindow } from '../../window/time-window.js'
import type { Output } from '../operator.js'
import type { Contents } from './contents.js'
import type { GroupWatermarks } from './group-watermarks.js'
import { copyOf, mergeOwned } from './owned-merge.js'
import type { Pane, PaneStore } from './pane-store.js'
import { type FrontHeads, liveHead, type SliceCache } from './slice-cache.js'

/** How a run of firings ended: all out, no room in the output, or the turn's share of work done. */
export type FiringProgress = 'done' | 'outputFull' | 'turnEnded'

type FrontEntries = ReturnType<FrontHeads['entries']>

/** Fires sliding windows from the sums of their slices, in the order of their ends, and keeps its place. */
export class SliceFiring {
  isActive = false
  private readonly slicing: Slicing
  private readonly store: PaneStore
  private readonly cache: SliceCache
  private readonly contents: Contents
  private until = Number.NEGATIVE_INFINITY
  /** The window in hand. */
  private window = 0
  private isMoved = false
  private group = 0
  private front: FrontEntries | undefined
  private back: Iterator<[InternalKey, unknown]> | undefined

  constructor(slicing: Slicing, store: PaneStore, cache: SliceCache, contents: Contents) {
    this.slicing = slicing
    this.store = store
    this.cache = cache
    this.contents = contents
  }

  begin(previous: number, until: number): void {
    this.isActive = true
    this.until = until
    this.window = this.nextWindow(this.slicing.lastWindowBy(previous) + 1)
    this.isMoved = false
  }

  run(watermarks: GroupWatermarks, output: Output): FiringProgress {
    if (!this.contents.drain(output)) return 'outputFull'
    this.cache.beginTurn()
    while (Number.isFinite(this.window) && this.slicing.maxTimestamp(this.window) <= this.until) {
      if (!this.isMoved) {
        if (!this.cache.moveTo(this.window)) return 'turnEnded'
        this.isMoved = true
        this.group = 0
      }
      if (!this.fireWindow(watermarks, output)) return 'outputFull'
      this.window = this.nextWindow(this.window + 1)
      this.isMoved = false
    }
    this.isActive = false
    return 'done'
  }

  /** The first window from `window` on that holds anything; Infinity when none does. */
  private nextWindow(window: number): number {
    const { slicing, store } = this
    const from = Number.isFinite(window) ? store.indexFrom(slicing.sliceStart(slicing.firstSlice(window))) : 0
    const slice = store.panes[from] as Pane | undefined
    if (slice === undefined) return Number.POSITIVE_INFINITY
    return Math.max(window, slicing.firstWindow(slicing.ordinalAt(slice.start)))
  }

  private fireWindow(watermarks: GroupWatermarks, output: Output): boolean {
    const start = this.slicing.windowStart(this.window)
    const window: TimeWindow = { start, end: start + this.slicing.sizeMs }
    for (; this.group < this.cache.fronts.length; this.group++) {
      if (watermarks.hadFired(this.group, window.end - 1)) continue
      const heads = this.cache.fronts[this.group]
      const sums = this.cache.backs[this.group]
      if (heads !== undefined && !this.fireFront(heads, sums, window, output)) return false
      if (sums !== undefined && !this.fireBack(heads, sums, window, output)) return false
      this.front = undefined
      this.back = undefined
    }
    return true
  }

  private fireFront(
    heads: FrontHeads,
    sums: ReadonlyMap<InternalKey, unknown> | undefined,
    window: TimeWindow,
    output: Output,
  ): boolean {
    const { aggregate } = this.contents
    const first = this.slicing.firstSlice(this.window)
    this.front ??= heads.entries()
    while (!output.full) {
      const next = this.front.next()
      if (next.done) return true
      const key = next.value[0]
      const head = liveHead(heads, key, next.value[1], first)
      if (head === undefined) continue
      const sum = sums?.get(key)
      const whole =
        sum === undefined ? head.accumulator : mergeOwned(aggregate, copyOf(aggregate, head.accumulator), sum)
      if (!this.contents.emit(key, window, whole, this.until, output)) return false
    }
    return false
  }

  private fireBack(
    heads: FrontHeads | undefined,
    sums: ReadonlyMap<InternalKey, unknown>,
    window: TimeWindow,
    output: Output,
  ): boolean {
    this.back ??= sums.entries()
    while (!output.full) {
      const next = this.back.next()
      if (next.done) return true
      const [key, sum] = next.value
      if (heads?.has(key)) continue
      if (!this.contents.emit(key, window, sum, this.until, output)) return false
    }
    return false
  }
}
