import type { ListState, MapState } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import { isKeyScalar } from '../../state/key-check.js'
import type { Leaf } from '../../state/leaf.js'
import type { LeafTable } from '../../state/leaf-table.js'
import { mapKeyInvalid, noCurrentKey } from '../../state/state-error.js'
import { NO_VALUES, type StateEntry } from '../../state/state-handles.js'

/** The window that access to its state is about, shared by all states of an operator. */
export class CurrentWindow {
  readonly operatorId: string
  start = 0
  key: InternalKey = ''
  /** Of the key group, in the operator's range; -1 while there is no window. */
  slot = -1
  timestamp = 0

  constructor(operatorId: string) {
    this.operatorId = operatorId
  }
}

/** What the current window has of a state: one value, stored under [start, key] as windows are. */
export class WindowStateEntry implements StateEntry {
  private readonly table: LeafTable
  private readonly current: CurrentWindow

  constructor(table: LeafTable, current: CurrentWindow) {
    this.table = table
    this.current = current
  }

  get timestamp(): number {
    return this.current.timestamp
  }

  read(): unknown {
    return this.find()?.value
  }

  edit(): unknown {
    const leaf = this.find()
    if (leaf === undefined) return undefined
    this.table.touch(leaf)
    return leaf.value
  }

  write(value: unknown): void {
    const leaf = this.find()
    if (leaf !== undefined) {
      this.table.touch(leaf, 'replace')
      leaf.value = value
      return
    }
    const { slot, start, key } = this.current
    this.table.insert(this.table.openSpace(slot, start), key, value)
  }

  clear(): void {
    const leaf = this.find()
    if (leaf !== undefined) this.table.remove(leaf)
  }

  private find(): Leaf | undefined {
    const { slot, start, key, operatorId } = this.current
    if (slot < 0) throw noCurrentKey(operatorId)
    return this.table.space(slot, start)?.leaves.get(key)
  }
}

export class WindowListState<V> implements ListState<V> {
  private readonly entry: StateEntry

  constructor(entry: StateEntry) {
    this.entry = entry
  }

  values(): readonly V[] {
    return (this.entry.read() as V[] | undefined) ?? NO_VALUES
  }

  add(value: V): void {
    const list = this.entry.edit() as V[] | undefined
    if (list === undefined) this.entry.write([value])
    else list.push(value)
  }

  addAll(values: readonly V[]): void {
    // A copy first: the list may be added to itself.
    for (const value of values.slice()) this.add(value)
  }

  update(values: readonly V[]): void {
    if (values.length === 0) this.entry.clear()
    else this.entry.write(values.slice())
  }

  clear(): void {
    this.entry.clear()
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
