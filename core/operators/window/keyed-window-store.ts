import type { KeyedStateBackend, KeyGroupedComponent, KeyGroupRange } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import { incompatibleWindows } from './incompatible-windows.js'
import { WindowEntry } from './window-entry.js'

export interface KeyedWindowStoreOptions {
  /** Assigner, contents and trigger: windows of others cannot be read. */
  readonly assigner: string
  readonly operatorId: string
  readonly keyGroups: KeyGroupRange
  /** Puts the window's timers into the queues. */
  readonly onRestored: (entry: WindowEntry) => void
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
}

interface StoredGroup {
  readonly assigner: string
  readonly keys: readonly (readonly [key: InternalKey, windows: readonly StoredWindow[]])[]
}

/** Windows by key, each key's in the order of their start. */
export class KeyedWindowStore implements KeyGroupedComponent {
  readonly name = 'windows'
  readonly layout = 'by-key'
  readonly version = 1
  private readonly groups: (Map<InternalKey, WindowEntry[]> | undefined)[]
  private readonly options: KeyedWindowStoreOptions

  constructor(options: KeyedWindowStoreOptions) {
    this.options = options
    this.groups = new Array(options.keyGroups.end - options.keyGroups.first).fill(undefined)
  }

  registerWith(backend: KeyedStateBackend): void {
    backend.register(this)
  }

  /** The key's windows, to read and to change: never empty, undefined when there is none. */
  windowsOf(group: number, key: InternalKey): WindowEntry[] | undefined {
    return this.groups[group]?.get(key)
  }

  /** The key's window that starts there, made when it is missing. */
  windowAt(start: number, end: number, group: number, key: InternalKey): WindowEntry {
    const windows = this.windowsOf(group, key)
    if (windows === undefined) return this.insert(new WindowEntry(start, end, key, group), 0)
    let at = windows.length
    while (at > 0 && (windows[at - 1] as WindowEntry).start > start) at--
    const found = windows[at - 1]
    return found?.start === start ? found : this.insert(new WindowEntry(start, end, key, group), at)
  }

  insert(entry: WindowEntry, at: number): WindowEntry {
    const keys = this.groups[entry.group] ?? new Map<InternalKey, WindowEntry[]>()
    this.groups[entry.group] = keys
    const windows = keys.get(entry.key)
    if (windows === undefined) keys.set(entry.key, [entry])
    else windows.splice(at, 0, entry)
    return entry
  }

  remove(entry: WindowEntry): void {
    const keys = this.groups[entry.group]
    const windows = keys?.get(entry.key)
    if (keys === undefined || windows === undefined) return
    const at = windows.indexOf(entry)
    if (at >= 0) windows.splice(at, 1)
    if (windows.length === 0) keys.delete(entry.key)
  }

  snapshotGroup(group: number): StoredGroup | undefined {
    const windowsByKey = this.groups[group - this.options.keyGroups.first]
    if (windowsByKey === undefined || windowsByKey.size === 0) return undefined
    const keys: [InternalKey, StoredWindow[]][] = []
    for (const [key, windows] of windowsByKey) keys.push([key, windows.map(storedWindow)])
    return { assigner: this.options.assigner, keys }
  }

  restoreGroup(group: number, data: unknown, stored: { readonly layout: string; readonly version: number }): void {
    // Written by `snapshotGroup` of this layout and version, and checked by its checksum.
    const { assigner, keys } = data as StoredGroup
    const expected = `${this.layout} ${this.version} ${this.options.assigner}`
    const found = `${stored.layout} ${stored.version} ${assigner}`
    if (found !== expected) throw incompatibleWindows(this.options.operatorId, expected, found)
    for (const [key, windows] of keys) {
      for (let at = 0; at < windows.length; at++) {
        const window = windows[at] as StoredWindow
        const entry = new WindowEntry(window.start, window.end, key, group - this.options.keyGroups.first)
        entry.accumulator = window.contents
        entry.triggerState = window.trigger
        entry.eventTime.times.push(...window.eventTimers)
        entry.processingTime.times.push(...window.processingTimers)
        this.insert(entry, at)
        this.options.onRestored(entry)
      }
    }
  }
}

function storedWindow(entry: WindowEntry): StoredWindow {
  return {
    start: entry.start,
    end: entry.end,
    eventTimers: entry.eventTime.times,
    processingTimers: entry.processingTime.times,
    ...(entry.accumulator !== undefined && { contents: entry.accumulator }),
    ...(entry.triggerState !== undefined && { trigger: entry.triggerState }),
  }
}
