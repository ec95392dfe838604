import type { ListState, MapState } from './backend.js'
import type { CurrentKey } from './current-key.js'
import type { InternalKey } from './key.js'
import { isKeyScalar } from './key-check.js'
import type { Leaf, LeafSpace } from './leaf.js'
import type { LeafTable } from './leaf-table.js'
import type { Lifetime } from './lifetime.js'
import { mapKeyInvalid } from './state-error.js'
import { leafOf, NO_VALUES, type StateEntry } from './state-handles.js'
import { TimedList } from './timed.js'
import { heldBy, type TimedLeaves, type TimedTable } from './timed-leaves.js'

/** The current key's value in a table that has one a key, each with a time to live. */
export class TimedEntry implements StateEntry {
  private readonly leaves: TimedLeaves
  private readonly current: CurrentKey

  constructor(leaves: TimedLeaves, current: CurrentKey) {
    this.leaves = leaves
    this.current = current
  }

  get timestamp(): number {
    return this.current.timestamp
  }

  read(): unknown {
    const leaf = this.find()
    return leaf && this.leaves.read(leaf)?.value
  }

  edit(): unknown {
    const leaf = this.find()
    return leaf && this.leaves.edit(leaf)
  }

  write(value: unknown): void {
    const { leaves, current } = this
    const leaf = this.find()
    if (leaf !== undefined) leaves.replace(leaf, value)
    else leaves.insert(leaves.table.openSpace(current.groupSlot), current.internal, value)
  }

  clear(): void {
    const leaf = this.find()
    if (leaf !== undefined) this.leaves.table.remove(leaf)
  }

  private find(): Leaf | undefined {
    return leafOf(this.leaves.table, this.current)
  }
}

export interface TimedListOptions extends TimedTable {
  readonly current: CurrentKey
}

/** A list whose elements have a time to live each. */
export class TimedListState<V> implements ListState<V> {
  private readonly table: LeafTable
  private readonly current: CurrentKey
  private readonly lifetime: Lifetime
  private readonly onCreated: () => void

  constructor({ table, current, lifetime, onCreated }: TimedListOptions) {
    this.table = table
    this.current = current
    this.lifetime = lifetime
    this.onCreated = onCreated
  }

  values(): readonly V[] {
    const leaf = leafOf(this.table, this.current)
    if (leaf === undefined) return NO_VALUES
    const { ms, showsExpired, isRenewedByReads } = this.lifetime
    const list = listIn(leaf)
    const now = this.lifetime.now()
    const expired = showsExpired ? 0 : list.countExpired(ms, now)
    this.lifetime.countRemoved(expired)
    if (expired === list.length) {
      this.table.remove(leaf)
      return NO_VALUES
    }
    if (expired > 0 || isRenewedByReads) this.table.touch(leaf)
    if (expired > 0) list.dropExpired(ms, now)
    if (isRenewedByReads) list.renew(ms, now)
    return list.values as V[]
  }

  add(value: V): void {
    const { table, current } = this
    const leaf = leafOf(table, current)
    const now = this.lifetime.now()
    if (leaf === undefined) {
      table.insert(table.openSpace(current.groupSlot), current.internal, new TimedList([value], [now]))
    } else {
      table.touch(leaf)
      listIn(leaf).push(value, now)
    }
    this.onCreated()
  }

  addAll(values: readonly V[]): void {
    // A copy first: the list may be added to itself.
    for (const value of values.slice()) this.add(value)
  }

  update(values: readonly V[]): void {
    const { table, current } = this
    const leaf = leafOf(table, current)
    if (values.length === 0) {
      if (leaf !== undefined) table.remove(leaf)
      return
    }
    const list = new TimedList(values.slice(), new Array<number>(values.length).fill(this.lifetime.now()))
    if (leaf === undefined) {
      table.insert(table.openSpace(current.groupSlot), current.internal, list)
      this.onCreated()
    } else {
      table.touch(leaf, 'replace')
      leaf.value = list
    }
  }

  clear(): void {
    const leaf = leafOf(this.table, this.current)
    if (leaf !== undefined) this.table.remove(leaf)
  }
}

function listIn(leaf: Leaf): TimedList {
  // The table holds nothing else.
  return leaf.value as TimedList
}

/** A map whose entries have a time to live each. */
export class TimedMapState<K, V> implements MapState<K, V> {
  private readonly leaves: TimedLeaves
  private readonly current: CurrentKey

  constructor(leaves: TimedLeaves, current: CurrentKey) {
    this.leaves = leaves
    this.current = current
  }

  get(key: K): Readonly<V> | undefined {
    const leaf = this.find(key)
    return leaf && (this.leaves.read(leaf)?.value as V | undefined)
  }

  has(key: K): boolean {
    const leaf = this.find(key)
    return leaf !== undefined && this.leaves.read(leaf) !== undefined
  }

  *entries(): IterableIterator<readonly [K, V]> {
    for (const leaf of this.read()) yield [leaf.key as K, heldBy(leaf).value as V]
  }

  *keys(): IterableIterator<K> {
    for (const leaf of this.read()) yield leaf.key as K
  }

  *values(): IterableIterator<V> {
    for (const leaf of this.read()) yield heldBy(leaf).value as V
  }

  isEmpty(): boolean {
    for (const leaf of this.all()) if (this.leaves.isSeen(heldBy(leaf))) return false
    return true
  }

  put(key: K, value: V): void {
    const { leaves, current } = this
    const leaf = this.find(key)
    if (leaf !== undefined) leaves.replace(leaf, value)
    else if (isKeyScalar(key)) {
      leaves.insert(this.space() ?? leaves.table.openSpace(current.groupSlot, current.internal), key, value)
    } else throw mapKeyInvalid(key)
  }

  remove(key: K): void {
    const leaf = this.find(key)
    if (leaf !== undefined) this.leaves.table.remove(leaf)
  }

  clear(): void {
    const space = this.space()
    if (space !== undefined) this.leaves.table.drop(space)
  }

  private space(): LeafSpace | undefined {
    return this.leaves.table.space(this.current.groupSlot, this.current.internal)
  }

  private find(key: K): Leaf | undefined {
    // The keys of a map are scalars: what `mapState` is declared with.
    return this.space()?.leaves.get(key as InternalKey)
  }

  /** Those that are seen, as `get` gives them one by one. */
  private *read(): IterableIterator<Leaf> {
    for (const leaf of this.all()) if (this.leaves.read(leaf) !== undefined) yield leaf
  }

  private *all(): IterableIterator<Leaf> {
    const space = this.space()
    const leaves = space?.leaves.values()
    for (;;) {
      const next = leaves?.next()
      // What was cleared meanwhile must not be changed any more.
      if (next === undefined || next.done === true || space?.droppedAt !== Number.POSITIVE_INFINITY) return
      yield next.value
    }
  }
}
