import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { Slicing } from '../../window/slicing.js'
import { copyOf, mergeOwned } from './owned-merge.js'
import type { Pane, PaneStore } from './pane-store.js'

/**
 * The whole contents of one key in a run of windows, one after the other: after a late record was added. Merges like the
 * cache (the same blocks, the same order), each slice a constant number of times.
 */
export class SliceRefire {
  private readonly slicing: Slicing
  private readonly store: PaneStore
  private readonly aggregate: Aggregate<unknown, unknown, unknown>
  /** The slices that hold the key. */
  private readonly ordinals: number[] = []
  private readonly slices: unknown[] = []
  /** At i, what is in the slices from i to the boundary. */
  private readonly suffixes: unknown[] = []
  private window = 0
  private last = -1
  private boundary = Number.NEGATIVE_INFINITY
  private boundaryAt = 0
  private low = 0
  private high = 0
  private back: unknown

  constructor(slicing: Slicing, store: PaneStore, aggregate: Aggregate<unknown, unknown, unknown>) {
    this.slicing = slicing
    this.store = store
    this.aggregate = aggregate
  }

  get isActive(): boolean {
    return this.window <= this.last
  }

  begin(group: number, key: InternalKey, firstWindow: number, lastWindow: number): void {
    const { slicing, store, ordinals, slices } = this
    this.window = firstWindow
    this.last = lastWindow
    this.boundary = Number.NEGATIVE_INFINITY
    this.low = 0
    ordinals.length = 0
    slices.length = 0
    const end = slicing.sliceStart(slicing.firstSlice(lastWindow) + slicing.slicesPerWindow)
    let at = store.indexFrom(slicing.sliceStart(slicing.firstSlice(firstWindow)))
    for (; at < store.panes.length && (store.panes[at] as Pane).start < end; at++) {
      const pane = store.panes[at] as Pane
      const leaf = store.leafOf(pane, group, key)
      if (leaf === undefined) continue
      ordinals.push(slicing.ordinalAt(pane.start))
      slices.push(leaf.value)
    }
  }

  /** The contents of the window in hand. Each has at least the slice of the late record. */
  contents(): unknown {
    const { slicing, ordinals, slices, aggregate } = this
    const first = slicing.firstSlice(this.window)
    const end = first + slicing.slicesPerWindow
    const boundary = (Math.floor(first / slicing.slicesPerWindow) + 1) * slicing.slicesPerWindow
    while (this.low < ordinals.length && (ordinals[this.low] as number) < first) this.low++
    if (boundary !== this.boundary) this.sumUpTo(boundary)
    for (; this.high < ordinals.length && (ordinals[this.high] as number) < end; this.high++) {
      const slice = slices[this.high]
      this.back = this.back === undefined ? copyOf(aggregate, slice) : mergeOwned(aggregate, this.back, slice)
    }
    if (this.low >= this.boundaryAt) return this.back
    const front = this.suffixes[this.low]
    return this.back === undefined ? front : mergeOwned(aggregate, copyOf(aggregate, front), this.back)
  }

  currentWindow(): number {
    return this.window
  }

  next(): void {
    this.window++
    if (this.isActive) return
    this.slices.length = 0
    this.suffixes.length = 0
    this.back = undefined
  }

  private sumUpTo(boundary: number): void {
    const { ordinals, slices, suffixes, aggregate } = this
    let at = this.low
    while (at < ordinals.length && (ordinals[at] as number) < boundary) at++
    this.boundary = boundary
    this.boundaryAt = at
    this.high = at
    this.back = undefined
    for (let index = at - 1; index >= this.low; index--) {
      let sum = copyOf(aggregate, slices[index])
      if (index + 1 < at) sum = mergeOwned(aggregate, sum, suffixes[index + 1])
      suffixes[index] = sum
    }
  }
}
