import type { KeyedStateBackend, KeyGroupRange } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import type { Leaf } from '../../state/leaf.js'
import type { LeafTable } from '../../state/leaf-table.js'
import { stateCorrupt } from '../../state/state-error.js'
import type { TimeWindow } from '../../window/time-window.js'
import { acceptWindows } from './incompatible-windows.js'
import { OpenWindows } from './open-windows.js'
import { WindowEntry } from './window-entry.js'

export interface KeyedWindowStoreOptions {
  /** Assigner, contents and trigger: windows of others cannot be read. */
  readonly assigner: string
  readonly operatorId: string
  readonly keyGroups: KeyGroupRange
}

interface StoredWindow {
  readonly start: number
  readonly end: number
  readonly eventTimers: readonly number[]
  readonly processingTimers: readonly number[]
  /** Absent when the window is empty. */
  readonly contents?: unknown
  /** Absent when the trigger keeps nothing. */
  readonly trigger?: unknown
  /** Of a session whose results went out. Absent when none did, and before Tidemark 0.1. */
  readonly fired?: readonly TimeWindow[]
}

/**
 * Windows by key, each key's in the order of their start; stored key by key. Whoever changes a window, or lets a trigger
 * do so, says so before (`touch`).
 */
export class KeyedWindowStore {
  private readonly options: KeyedWindowStoreOptions
  private readonly table: LeafTable

  constructor(options: KeyedWindowStoreOptions, backend: KeyedStateBackend) {
    const { assigner, operatorId } = options
    const layout = { layout: `by-key ${assigner}`, version: 1 }
    this.options = options
    this.table = backend.openTable({
      name: 'windows',
      layout,
      accept: (stored) => acceptWindows(operatorId, layout, stored),
      hasSpaces: false,
      // Timers point at the windows.
      onHeap: true,
      toStored: (windows) => Array.from(windows as OpenWindows, storedWindow),
      fromStored: (stored, leaf) => this.read(stored, leaf),
    })
    backend.register(this.table)
  }

  /** The key's windows, to read and to change: never empty, undefined when there is none. */
  windowsOf(group: number, key: InternalKey): OpenWindows | undefined {
    return this.table.space(group)?.leaves.get(key)?.value as OpenWindows | undefined
  }

  *entries(): IterableIterator<WindowEntry> {
    for (let group = 0; group < this.table.changes.live.length; group++) {
      for (const leaf of this.table.entriesOf(group)) yield* windowsIn(leaf)
    }
  }

  /** The key's window that starts there, made when it is missing. */
  windowAt(start: number, end: number, group: number, key: InternalKey): WindowEntry {
    const windows = this.windowsOf(group, key)
    if (windows === undefined) return this.insert(new WindowEntry(start, end, key, group), 0)
    const at = windows.firstWhere((window) => window.start > start)
    const found = windows.at(at - 1)
    return found?.start === start ? found : this.insert(new WindowEntry(start, end, key, group), at)
  }

  insert(entry: WindowEntry, at: number): WindowEntry {
    const { table } = this
    const space = table.space(entry.group) ?? table.openSpace(entry.group)
    const leaf = space.leaves.get(entry.key)
    if (leaf === undefined) entry.leaf = table.insert(space, entry.key, new OpenWindows([entry]))
    else {
      table.touch(leaf)
      entry.leaf = leaf
      windowsIn(leaf).insert(entry, at)
    }
    return entry
  }

  /** Before anything about the windows of its key changes. */
  touch(entry: WindowEntry): void {
    if (entry.leaf !== undefined) this.table.touch(entry.leaf)
  }

  remove(entry: WindowEntry): void {
    const { leaf } = entry
    if (leaf === undefined) return
    this.table.touch(leaf)
    entry.leaf = undefined
    const windows = windowsIn(leaf)
    windows.remove(entry)
    if (windows.length === 0) this.table.remove(leaf)
  }

  private read(stored: unknown, leaf: Leaf): OpenWindows {
    const { slot } = leaf.space
    if (!Array.isArray(stored) || !stored.every(isStoredWindow)) {
      const { operatorId, keyGroups } = this.options
      throw stateCorrupt(operatorId, keyGroups.first + slot, 'no windows')
    }
    const entries = stored.map((window) => {
      const entry = new WindowEntry(window.start, window.end, leaf.key, slot)
      entry.accumulator = window.contents
      entry.triggerState = window.trigger
      entry.fired = window.fired
      entry.eventTime.times.push(...window.eventTimers)
      entry.processingTime.times.push(...window.processingTimers)
      entry.leaf = leaf
      return entry
    })
    return new OpenWindows(entries)
  }
}

/** What this store puts into its leaves. */
function windowsIn(leaf: Leaf): OpenWindows {
  return leaf.value as OpenWindows
}

function isStoredWindow(value: unknown): value is StoredWindow {
  if (typeof value !== 'object' || value === null) return false
  const { start, end, eventTimers, processingTimers, fired } = value as Partial<StoredWindow>
  if (fired !== undefined && !(Array.isArray(fired) && fired.every(isTimeWindow))) return false
  return typeof start === 'number' && typeof end === 'number' && areTimes(eventTimers) && areTimes(processingTimers)
}

function isTimeWindow(value: unknown): value is TimeWindow {
  if (typeof value !== 'object' || value === null) return false
  const { start, end } = value as Partial<TimeWindow>
  return typeof start === 'number' && typeof end === 'number'
}

function areTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((time) => typeof time === 'number')
}

function storedWindow(entry: WindowEntry): StoredWindow {
  return {
    start: entry.start,
    end: entry.end,
    eventTimers: entry.eventTime.times,
    processingTimers: entry.processingTime.times,
    ...(entry.accumulator !== undefined && { contents: entry.accumulator }),
    ...(entry.triggerState !== undefined && { trigger: entry.triggerState }),
    ...(entry.fired !== undefined && { fired: entry.fired }),
  }
}
