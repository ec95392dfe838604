import type { KeyedStateBackend } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import type { Leaf } from '../../state/leaf.js'
import type { LeafTable } from '../../state/leaf-table.js'
import { stateCorrupt } from '../../state/state-error.js'
import type { TimeWindow } from '../../window/time-window.js'
import { acceptWindows } from './incompatible-windows.js'
import type { KeyedWindowStoreOptions } from './keyed-window-store.js'

/** Records that followed each other. */
export interface Slice {
  accumulator: unknown
  /** Timestamps of its records. */
  oldest: number
  newest: number
}

/** What is kept of a key. */
export interface KeptWindow {
  /** In the order in which they came, the last one perhaps not complete. */
  readonly slices: Slice[]
  /** Records since the last window. */
  passed: number
}

/** The stored form is that of all windows by key: an array, here of one window, whose trigger's state is the count. */
type StoredSlice = readonly [accumulator: unknown, oldest: number, newest: number]

export interface CountedStoreOptions extends KeyedWindowStoreOptions {
  /** Records before a window that it does not take. */
  readonly gap: number
}

/** Windows by count: one a key, in the table where windows are. */
export class CountedStore {
  readonly groupCount: number
  private readonly options: CountedStoreOptions
  private readonly table: LeafTable

  constructor(options: CountedStoreOptions, backend: KeyedStateBackend) {
    const { assigner, operatorId, keyGroups } = options
    const layout = { layout: `by-key ${assigner}`, version: 1 }
    this.options = options
    this.groupCount = keyGroups.end - keyGroups.first
    this.table = backend.openTable({
      name: 'windows',
      layout,
      accept: (stored) => acceptWindows(operatorId, layout, stored),
      hasSpaces: false,
      toStored: (value) => [stored(value as KeptWindow)],
      fromStored: (value, leaf) => this.read(value, leaf),
    })
    backend.register(this.table)
  }

  /** What is kept of the key, made when it is missing. It may be changed until the next row. */
  toChange(group: number, key: InternalKey): KeptWindow {
    const { table } = this
    const space = table.space(group) ?? table.openSpace(group)
    const leaf = space.leaves.get(key)
    if (leaf !== undefined) {
      table.touch(leaf)
      return this.windowIn(leaf)
    }
    const kept: KeptWindow = { slices: [], passed: 0 }
    table.insert(space, key, kept)
    return kept
  }

  windowIn(leaf: Leaf): KeptWindow {
    return leaf.value as KeptWindow
  }

  remove(group: number, key: InternalKey): void {
    const leaf = this.table.space(group)?.leaves.get(key)
    if (leaf !== undefined) this.table.remove(leaf)
  }

  leavesOf(group: number): Iterator<Leaf> {
    return this.table.entriesOf(group)
  }

  /** Everything of the group goes. */
  drop(group: number): void {
    const space = this.table.space(group)
    if (space !== undefined) this.table.drop(space)
  }

  private read(value: unknown, { space }: Leaf): KeptWindow {
    const [window, ...others] = Array.isArray(value) ? (value as readonly unknown[]) : []
    const { contents, trigger } = (window ?? {}) as { readonly contents?: unknown; readonly trigger?: unknown }
    const { operatorId, keyGroups, gap } = this.options
    const isWindow = others.length === 0 && isCount(trigger) && Array.isArray(contents) && contents.every(isSlice)
    if (!isWindow || (trigger > gap && contents.length === 0)) {
      throw stateCorrupt(operatorId, keyGroups.first + space.slot, 'no counted window')
    }
    return {
      slices: contents.map(([accumulator, oldest, newest]: StoredSlice) => ({ accumulator, oldest, newest })),
      passed: trigger,
    }
  }
}

/** From the oldest record to behind the newest. Of records without timestamps both are -Infinity. */
export function boundsOf(slices: readonly Slice[]): TimeWindow {
  let start = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  for (const slice of slices) {
    if (slice.oldest < start) start = slice.oldest
    if (slice.newest > newest) newest = slice.newest
  }
  return { start, end: newest + 1 }
}

function stored({ slices, passed }: KeptWindow) {
  return {
    // The bounds are for people who look into a savepoint.
    ...boundsOf(slices),
    eventTimers: [],
    processingTimers: [],
    contents: slices.map(({ accumulator, oldest, newest }): StoredSlice => [accumulator, oldest, newest]),
    trigger: passed,
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isSlice(value: unknown): value is StoredSlice {
  return Array.isArray(value) && value.length === 3 && typeof value[1] === 'number' && typeof value[2] === 'number'
}
