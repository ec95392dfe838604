import type { Leaf } from '../../state/leaf.js'
import type { TimeWindow } from '../../window/time-window.js'
import type { Output } from '../operator.js'
import type { Contents } from './contents.js'
import type { GroupWatermarks } from './group-watermarks.js'
import type { Pane, PaneStore } from './pane-store.js'

/**
 * Fires whole panes, the oldest first, and keeps its place when the output is full. The store must not change while it
 * is active.
 */
export class PaneFiring {
  isActive = false
  until = Number.NEGATIVE_INFINITY
  private readonly store: PaneStore
  private readonly contents: Contents
  private readonly sizeMs: number
  /** What had fired in event time before a restore does not fire again. The wall clock has no such floors. */
  private readonly keepsFloors: boolean
  private pane = 0
  private group = 0
  private window: TimeWindow | undefined
  private leaves: Iterator<Leaf> | undefined

  constructor(store: PaneStore, contents: Contents, sizeMs: number, keepsFloors: boolean) {
    this.store = store
    this.contents = contents
    this.sizeMs = sizeMs
    this.keepsFloors = keepsFloors
  }

  /** What ends after `previous` and, to the last millisecond, by `until`. */
  begin(previous: number, until: number): void {
    this.isActive = true
    this.until = until
    this.pane = this.store.indexFrom(previous - this.sizeMs + 2)
    this.group = 0
  }

  /** True when everything is out. */
  run(watermarks: GroupWatermarks, output: Output): boolean {
    if (!this.contents.drain(output)) return false
    const { panes } = this.store
    for (; this.pane < panes.length; this.pane++) {
      const pane = panes[this.pane] as Pane
      const maxTimestamp = pane.start + this.sizeMs - 1
      if (maxTimestamp > this.until) break
      this.window ??= { start: pane.start, end: pane.start + this.sizeMs }
      for (; this.group < pane.groups.length; this.group++) {
        const space = pane.groups[this.group]
        if (space === undefined) continue
        if (this.keepsFloors && watermarks.hadFired(this.group, maxTimestamp)) continue
        this.leaves ??= space.leaves.values()
        if (!this.fireGroup(this.leaves, this.window, watermarks.of(this.group), output)) return false
        this.leaves = undefined
      }
      this.group = 0
      this.window = undefined
    }
    this.isActive = false
    return true
  }

  private fireGroup(leaves: Iterator<Leaf>, window: TimeWindow, watermark: number, output: Output): boolean {
    while (!output.full) {
      const { value: leaf, done } = leaves.next()
      if (done === true) return true
      if (!this.contents.emit(leaf.key, window, leaf.value, watermark, output)) return false
    }
    return false
  }
}
