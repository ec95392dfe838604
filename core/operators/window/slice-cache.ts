import type { InternalKey } from '../../state/key.js'
import type { Leaf } from '../../state/leaf.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { Slicing } from '../../window/slicing.js'
import { copyOf, mergeOwned } from './owned-merge.js'
import type { Pane, PaneStore } from './pane-store.js'

/** A key in a slice of the front: everything of it from this slice to the boundary. */
export interface FrontEntry {
  accumulator: unknown
  readonly ordinal: number
  /** The same key in the next slice that has it. */
  next: FrontEntry | undefined
}

export type FrontHeads = Map<InternalKey, FrontEntry>

/** The key's sum over a window that begins at `first`; what lies before it is cut off. */
export function liveHead(heads: FrontHeads, key: InternalKey, head: FrontEntry, first: number): FrontEntry | undefined {
  if (head.ordinal >= first) return head
  let live = head.next
  while (live !== undefined && live.ordinal < first) live = live.next
  if (live === undefined) heads.delete(key)
  else heads.set(key, live)
  return live
}

/** How many merges one turn may do, so that the loop is not held. The dearest sketches take about 10 microseconds each. */
const MERGES_A_TURN = 2048

type Phase = 'flip' | 'extend'

/**
 * Sums over the slices of the window that fires, carried from window to window, so that each slice is merged a constant
 * number of times whatever the size and the slide (van Herk 1992, Gil and Werman 1993; two stacks in Tangwongsan et
 * al., "General Incremental Sliding-Window Aggregation", VLDB 2015).
 *
 * Time is cut into blocks of as many slices as a window has; a window then holds exactly one block boundary. In front
 * of it each key has its sums from every slice up to the boundary, chained from slice to slice (only slices that hold
 * the key: the front is no larger than the slices themselves); behind it, one running sum.
 *
 * 1. The blocks are fixed in time: what a window's result is merged from does not depend on when a task was restored.
 * 2. No accumulator is shared with a slice. Nothing here is part of a snapshot.
 */
export class SliceCache {
  /** By key group. A chain may begin before the window: whoever reads it moves its head on (`liveHead`). */
  readonly fronts: (FrontHeads | undefined)[]
  readonly backs: (Map<InternalKey, unknown> | undefined)[]
  private readonly slicing: Slicing
  private readonly store: PaneStore
  private readonly aggregate: Aggregate<unknown, unknown, unknown>

  private boundary = Number.NEGATIVE_INFINITY
  /** Where the window begins... */
  private frontStart = Number.NEGATIVE_INFINITY
  /** ...and the running sum ends before this slice. */
  private backEnd = Number.NEGATIVE_INFINITY

  private phase: Phase | undefined
  private slice = 0
  private group = 0
  private leaves: Iterator<Leaf> | undefined
  private merges = 0

  constructor(slicing: Slicing, store: PaneStore, aggregate: Aggregate<unknown, unknown, unknown>, groupCount: number) {
    this.slicing = slicing
    this.store = store
    this.aggregate = aggregate
    this.fronts = new Array(groupCount).fill(undefined)
    this.backs = new Array(groupCount).fill(undefined)
  }

  beginTurn(): void {
    this.merges = 0
  }

  /** Carries the sums to the window. False: the turn's work is done, not yet the whole. */
  moveTo(window: number): boolean {
    const first = this.slicing.firstSlice(window)
    const { slicesPerWindow } = this.slicing
    const boundary = (Math.floor(first / slicesPerWindow) + 1) * slicesPerWindow
    if (this.phase === undefined) this.begin(first, boundary)
    if (this.phase === 'flip') {
      if (!this.walkBack(first)) return false
      this.extendFrom(this.boundary)
    }
    if (!this.walk(first + slicesPerWindow)) return false
    this.frontStart = first
    this.backEnd = first + slicesPerWindow
    this.phase = undefined
    return true
  }

  /** A value that was added to a slice behind the watermark belongs into the sums that hold the slice. */
  addLate(ordinal: number, group: number, key: InternalKey, value: unknown, timestamp: number): void {
    if (ordinal < this.frontStart || ordinal >= this.backEnd) return
    if (ordinal < this.boundary) this.addToFront(ordinal, group, key, value, timestamp)
    else {
      const back = this.backOf(group)
      const sum = back.get(key)
      back.set(key, this.aggregate.add(sum === undefined ? this.aggregate.create() : sum, value, timestamp))
    }
  }

  clear(): void {
    this.fronts.fill(undefined)
    this.backs.fill(undefined)
    this.boundary = Number.NEGATIVE_INFINITY
    this.frontStart = Number.NEGATIVE_INFINITY
    this.backEnd = Number.NEGATIVE_INFINITY
  }

  private begin(first: number, boundary: number): void {
    if (boundary === this.boundary && first >= this.frontStart) {
      this.extendFrom(this.backEnd)
      return
    }
    this.clear()
    this.boundary = boundary
    this.backEnd = boundary
    this.phase = 'flip'
    this.group = 0
    this.slice = this.store.indexFrom(this.slicing.sliceStart(boundary)) - 1
  }

  private extendFrom(ordinal: number): void {
    this.phase = 'extend'
    this.group = 0
    this.slice = this.store.indexFrom(this.slicing.sliceStart(ordinal))
  }

  private walk(end: number): boolean {
    const { panes } = this.store
    const endStart = this.slicing.sliceStart(end)
    for (; this.slice < panes.length && (panes[this.slice] as Pane).start < endStart; this.slice++) {
      if (!this.visit(panes[this.slice] as Pane)) return false
    }
    return true
  }

  private walkBack(first: number): boolean {
    const { panes } = this.store
    const firstStart = this.slicing.sliceStart(first)
    for (; this.slice >= 0 && (panes[this.slice] as Pane).start >= firstStart; this.slice--) {
      if (!this.visit(panes[this.slice] as Pane)) return false
    }
    return true
  }

  private visit(pane: Pane): boolean {
    const ordinal = this.slicing.ordinalAt(pane.start)
    for (; this.group < pane.groups.length; this.group++) {
      const space = pane.groups[this.group]
      if (space === undefined) continue
      this.leaves ??= space.leaves.values()
      for (;;) {
        if (this.merges >= MERGES_A_TURN) return false
        const { value: leaf, done } = this.leaves.next()
        if (done === true) break
        this.merges++
        if (this.phase === 'flip') this.pushFront(ordinal, this.group, leaf.key, leaf.value)
        else this.extendBack(this.group, leaf.key, leaf.value)
      }
      this.leaves = undefined
    }
    this.group = 0
    return true
  }

  private pushFront(ordinal: number, group: number, key: InternalKey, slice: unknown): void {
    const heads = this.frontOf(group)
    const next = heads.get(key)
    let accumulator = copyOf(this.aggregate, slice)
    if (next !== undefined) accumulator = mergeOwned(this.aggregate, accumulator, next.accumulator)
    heads.set(key, { accumulator, ordinal, next })
  }

  private extendBack(group: number, key: InternalKey, slice: unknown): void {
    const back = this.backOf(group)
    const sum = back.get(key)
    if (sum === undefined) back.set(key, copyOf(this.aggregate, slice))
    else back.set(key, mergeOwned(this.aggregate, sum, slice))
  }

  private addToFront(ordinal: number, group: number, key: InternalKey, value: unknown, timestamp: number): void {
    const { aggregate } = this
    const heads = this.frontOf(group)
    let previous: FrontEntry | undefined
    let entry = heads.get(key)
    while (entry !== undefined && entry.ordinal <= ordinal) {
      entry.accumulator = aggregate.add(entry.accumulator, value, timestamp)
      previous = entry
      entry = entry.next
    }
    if (previous?.ordinal === ordinal) return
    const rest = entry === undefined ? aggregate.create() : copyOf(aggregate, entry.accumulator)
    const added = { accumulator: aggregate.add(rest, value, timestamp), ordinal, next: entry }
    if (previous === undefined) heads.set(key, added)
    else previous.next = added
  }

  private frontOf(group: number): FrontHeads {
    const heads = this.fronts[group] ?? new Map<InternalKey, FrontEntry>()
    this.fronts[group] = heads
    return heads
  }

  private backOf(group: number): Map<InternalKey, unknown> {
    const sums = this.backs[group] ?? new Map<InternalKey, unknown>()
    this.backs[group] = sums
    return sums
  }
}
