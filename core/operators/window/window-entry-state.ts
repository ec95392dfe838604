import type { MapState } from '../../state/backend.js'
import { CurrentKey } from '../../state/current-key.js'
import type { InternalKey } from '../../state/key.js'
import { isKeyScalar } from '../../state/key-check.js'
import type { Leaf } from '../../state/leaf.js'
import type { LeafTable } from '../../state/leaf-table.js'
import { mapKeyInvalid } from '../../state/state-error.js'
import { KeyedEntry, type StateEntry } from '../../state/state-handles.js'

/** The window that access to its state is about, shared by all states of an operator. */
export class CurrentWindow extends CurrentKey {
  start = 0

  enter(start: number, key: InternalKey, group: number, timestamp: number): void {
    this.start = start
    this.set(key, group, timestamp)
  }
}

/** What the current window has of a state: one value, stored under [start, key] as windows are. */
export class WindowStateEntry extends KeyedEntry {
  private readonly window: CurrentWindow

  constructor(table: LeafTable, window: CurrentWindow) {
    super(table, window)
    this.window = window
  }

  override write(value: unknown): void {
    const leaf = this.find()
    if (leaf !== undefined) {
      this.table.touch(leaf, 'replace')
      leaf.value = value
      return
    }
    const { groupSlot, start, internal } = this.window
    this.table.insert(this.table.openSpace(groupSlot, start), internal, value)
  }

  protected override find(): Leaf | undefined {
    const { groupSlot, start, internal } = this.window
    return this.table.space(groupSlot, start)?.leaves.get(internal)
  }
}

/** One value for the whole map: a window's is small. */
export class WindowMapState<K, V> implements MapState<K, V> {
  private readonly entry: StateEntry

  constructor(entry: StateEntry) {
    this.entry = entry
  }

  get(key: K): Readonly<V> | undefined {
    return this.read().get(key)
  }

  has(key: K): boolean {
    return this.read().has(key)
  }

  entries(): Iterable<readonly [K, V]> {
    return this.read().entries()
  }

  keys(): Iterable<K> {
    return this.read().keys()
  }

  values(): Iterable<V> {
    return this.read().values()
  }

  isEmpty(): boolean {
    return this.read().size === 0
  }

  put(key: K, value: V): void {
    if (!isKeyScalar(key)) throw mapKeyInvalid(key)
    const map = this.entry.edit() as Map<K, V> | undefined
    if (map === undefined) this.entry.write(new Map([[key, value]]))
    else map.set(key, value)
  }

  remove(key: K): void {
    const map = this.entry.edit() as Map<K, V> | undefined
    map?.delete(key)
    if (map?.size === 0) this.entry.clear()
  }

  clear(): void {
    this.entry.clear()
  }

  private read(): ReadonlyMap<K, V> {
    return (this.entry.read() as Map<K, V> | undefined) ?? NO_ENTRIES
  }
}

const NO_ENTRIES: ReadonlyMap<never, never> = new Map<never, never>()
