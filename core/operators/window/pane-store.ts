import type { KeyedStateBackend, KeyGroupedComponent, KeyGroupRange } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import { incompatibleWindows } from './incompatible-windows.js'

/** What a window, or a slice of windows, holds: an accumulator a key, by key group (counted from the subtask's first). */
export class Pane {
  readonly start: number
  readonly groups: (Map<InternalKey, unknown> | undefined)[]

  constructor(start: number, groupCount: number) {
    this.start = start
    this.groups = new Array(groupCount).fill(undefined)
  }

  open(group: number): Map<InternalKey, unknown> {
    const accumulators = new Map<InternalKey, unknown>()
    this.groups[group] = accumulators
    return accumulators
  }
}

export interface PaneStoreOptions {
  readonly layout: 'by-window' | 'by-slice'
  /** The assigner's kind: panes of another one cannot be read. */
  readonly assigner: string
  readonly operatorId: string
  readonly keyGroups: KeyGroupRange
}

/** A key group in a snapshot; the maps are live. */
interface StoredGroup {
  readonly assigner: string
  readonly panes: readonly (readonly [start: number, accumulators: Map<InternalKey, unknown>])[]
}

/** Panes in the order of their start. */
export class PaneStore implements KeyGroupedComponent {
  readonly name = 'windows'
  readonly layout: 'by-window' | 'by-slice'
  readonly version = 1
  /** Ascending by start. */
  readonly panes: Pane[] = []
  private readonly byStart = new Map<number, Pane>()
  private readonly options: PaneStoreOptions
  private readonly groupCount: number

  constructor(options: PaneStoreOptions) {
    this.options = options
    this.layout = options.layout
    this.groupCount = options.keyGroups.end - options.keyGroups.first
  }

  registerWith(backend: KeyedStateBackend): void {
    backend.register(this)
  }

  find(start: number): Pane | undefined {
    return this.byStart.get(start)
  }

  /** The pane that starts there, made when it is missing. */
  paneAt(start: number): Pane {
    const found = this.byStart.get(start)
    if (found !== undefined) return found
    const pane = new Pane(start, this.groupCount)
    this.byStart.set(start, pane)
    // Nearly always the newest.
    if (this.panes.length === 0 || (this.panes[this.panes.length - 1] as Pane).start < start) this.panes.push(pane)
    else this.panes.splice(this.indexFrom(start), 0, pane)
    return pane
  }

  /** The index of the first pane that starts at or after `start`. */
  indexFrom(start: number): number {
    let low = 0
    let high = this.panes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.panes[middle] as Pane).start < start) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Drops the oldest panes. */
  dropFirst(count: number): void {
    for (let index = 0; index < count; index++) this.byStart.delete((this.panes[index] as Pane).start)
    this.panes.splice(0, count)
  }

  snapshotGroup(group: number): StoredGroup | undefined {
    const panes: [number, Map<InternalKey, unknown>][] = []
    for (const pane of this.panes) {
      const accumulators = pane.groups[group - this.options.keyGroups.first]
      if (accumulators !== undefined && accumulators.size > 0) panes.push([pane.start, accumulators])
    }
    return panes.length === 0 ? undefined : { assigner: this.options.assigner, panes }
  }

  restoreGroup(group: number, data: unknown, stored: { readonly layout: string; readonly version: number }): void {
    // Written by `snapshotGroup` of this layout and version, and checked by its checksum.
    const { assigner, panes } = data as StoredGroup
    const expected = `${this.layout} ${this.version} ${this.options.assigner}`
    const found = `${stored.layout} ${stored.version} ${assigner}`
    if (found !== expected) throw incompatibleWindows(this.options.operatorId, expected, found)
    for (const [start, accumulators] of panes) {
      this.paneAt(start).groups[group - this.options.keyGroups.first] = accumulators
    }
  }
}
