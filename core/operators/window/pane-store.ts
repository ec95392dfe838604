import type { KeyedStateBackend, KeyGroupRange } from '../../state/backend.js'
import type { StoredLayout } from '../../state/component.js'
import type { InternalKey } from '../../state/key.js'
import type { Leaf, LeafSpace } from '../../state/leaf.js'
import type { LeafTable } from '../../state/leaf-table.js'
import { stateCorrupt } from '../../state/state-error.js'
import type { Aggregate } from '../../window/aggregate.js'
import { acceptWindows } from './incompatible-windows.js'

/** What a window, or a slice of windows, holds: an accumulator a key, by key group (counted from the subtask's first). */
export class Pane {
  readonly start: number
  readonly groups: (LeafSpace | undefined)[]

  constructor(start: number, groupCount: number) {
    this.start = start
    this.groups = new Array(groupCount).fill(undefined)
  }
}

export interface PaneStoreOptions {
  /** Names the state. Default `windows`. */
  readonly name?: string
  readonly layout: 'by-window' | 'by-slice' | 'by-time'
  /** The assigner's kind: panes of another one cannot be read. */
  readonly assigner: string
  /** Default: what windows accept. */
  readonly accept?: (stored: StoredLayout) => void
  readonly operatorId: string
  readonly keyGroups: KeyGroupRange
  readonly aggregate: Aggregate<unknown, unknown, unknown>
}

/** Panes in the order of their start. An accumulator is stored under [start, key]; a pane goes as one. */
export class PaneStore {
  /** Ascending by start. */
  readonly panes: Pane[] = []
  private readonly byStart = new Map<number, Pane>()
  private readonly groupCount: number
  private readonly options: PaneStoreOptions
  private readonly aggregate: Aggregate<unknown, unknown, unknown>
  private readonly table: LeafTable

  constructor(options: PaneStoreOptions, backend: KeyedStateBackend) {
    const { operatorId, keyGroups, assigner, name = 'windows' } = options
    const layout = { layout: `${options.layout} ${assigner}`, version: 1 }
    this.options = options
    this.aggregate = options.aggregate
    this.groupCount = keyGroups.end - keyGroups.first
    this.table = backend.openTable({
      name,
      layout,
      accept: options.accept ?? ((stored) => acceptWindows(operatorId, layout, stored)),
      hasSpaces: true,
    })
    backend.register(this.table)
  }

  /** Finds the panes of what was restored. */
  onRestored(): void {
    for (let group = 0; group < this.groupCount; group++) {
      for (const space of this.table.spacesOf(group)) {
        const { id } = space
        const { operatorId, keyGroups } = this.options
        if (typeof id !== 'number' || !Number.isFinite(id)) {
          throw stateCorrupt(operatorId, keyGroups.first + group, 'a window without a start')
        }
        this.paneAt(id).groups[group] = space
      }
    }
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

  /** Adds a value to what the pane has of the key, and returns that. */
  add(pane: Pane, group: number, key: InternalKey, value: unknown, timestamp: number): unknown {
    const { aggregate, table } = this
    const space = pane.groups[group] ?? this.open(pane, group)
    const leaf = space.leaves.get(key)
    if (leaf === undefined) {
      const first = aggregate.add(aggregate.create(), value, timestamp)
      table.insert(space, key, first)
      return first
    }
    if (leaf.stamp !== table.changes.epoch) table.changes.touch(group, leaf)
    leaf.value = aggregate.add(leaf.value, value, timestamp)
    return leaf.value
  }

  leafOf(pane: Pane, group: number, key: InternalKey): Leaf | undefined {
    return pane.groups[group]?.leaves.get(key)
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
    for (let index = 0; index < count; index++) {
      const pane = this.panes[index] as Pane
      this.byStart.delete(pane.start)
      for (const space of pane.groups) if (space !== undefined) this.table.drop(space)
    }
    this.panes.splice(0, count)
  }

  private open(pane: Pane, group: number): LeafSpace {
    const space = this.table.openSpace(group, pane.start)
    pane.groups[group] = space
    return space
  }
}
