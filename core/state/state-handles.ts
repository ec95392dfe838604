import { requireNoPromise } from '../promises.js'
import type { Aggregate } from '../window/aggregate.js'
import type { AppendingState, ListState, MapState, ValueState } from './backend.js'
import type { CurrentKey } from './current-key.js'
import type { InternalKey } from './key.js'
import { isKeyScalar } from './key-check.js'
import type { Leaf, LeafSpace } from './leaf.js'
import type { LeafTable } from './leaf-table.js'
import { mapKeyInvalid } from './state-error.js'

/** What the current key has of a state that keeps one value a key. */
export interface StateEntry {
  /** Of the row. */
  readonly timestamp: number
  read(): unknown
  /** What is there, to be changed in place and then written. */
  edit(): unknown
  write(value: unknown): void
  clear(): void
}

/** The current key's entry in a table that has one a key. */
export class KeyedEntry implements StateEntry {
  protected readonly table: LeafTable
  private readonly current: CurrentKey

  constructor(table: LeafTable, current: CurrentKey) {
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

  /** Adds to the list that is there. */
  append(value: unknown): void {
    const leaf = this.find()
    if (leaf === undefined) {
      this.write([value])
      return
    }
    this.table.touch(leaf, 'append')
    // Only of states whose values are lists.
    const list = leaf.value as unknown[]
    list.push(value)
  }

  write(value: unknown): void {
    const { table, current } = this
    const slot = current.groupSlot
    const space = table.space(slot) ?? table.openSpace(slot)
    const leaf = space.leaves.get(current.internal)
    if (leaf === undefined) table.insert(space, current.internal, value)
    else {
      table.touch(leaf, 'replace')
      leaf.value = value
    }
  }

  clear(): void {
    const leaf = this.find()
    if (leaf !== undefined) this.table.remove(leaf)
  }

  protected find(): Leaf | undefined {
    return leafOf(this.table, this.current)
  }
}

/** The current key's in a table that has one a key. */
export function leafOf(table: LeafTable, current: CurrentKey): Leaf | undefined {
  return table.space(current.groupSlot)?.leaves.get(current.internal)
}

export class KeyedValueState<V> implements ValueState<V> {
  private readonly entry: StateEntry
  private readonly initial: (() => V) | undefined

  constructor(entry: StateEntry, initial: (() => V) | undefined) {
    this.entry = entry
    this.initial = initial
  }

  value(): Readonly<V> | undefined {
    return this.orInitial(this.entry.read())
  }

  update(value: V): void {
    if (value === undefined) this.entry.clear()
    else this.entry.write(value)
  }

  mutate(change: (value: V | undefined) => V): void {
    this.update(requireNoPromise(change(this.orInitial(this.entry.edit())), 'the function of mutate of a valueState'))
  }

  clear(): void {
    this.entry.clear()
  }

  /** What this state has stored is of its type: the name in the savepoint and the layout say so. */
  private orInitial(value: unknown): V | undefined {
    return value === undefined ? requireNoPromise(this.initial?.(), 'initial of a valueState') : (value as V)
  }
}

export const NO_VALUES: readonly never[] = Object.freeze([])

export class KeyedListState<V> implements ListState<V> {
  private readonly entry: KeyedEntry

  constructor(entry: KeyedEntry) {
    this.entry = entry
  }

  values(): readonly V[] {
    return (this.entry.read() as V[] | undefined) ?? NO_VALUES
  }

  add(value: V): void {
    this.entry.append(value)
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

/** An entry of the map is an entry of the table: one that changes is stored by itself. */
export class KeyedMapState<K, V> implements MapState<K, V> {
  private readonly table: LeafTable
  private readonly current: CurrentKey

  constructor(table: LeafTable, current: CurrentKey) {
    this.table = table
    this.current = current
  }

  get(key: K): Readonly<V> | undefined {
    return this.space()?.leaves.get(keyOf(key))?.value as V | undefined
  }

  has(key: K): boolean {
    return this.space()?.leaves.get(keyOf(key)) !== undefined
  }

  *entries(): IterableIterator<readonly [K, V]> {
    for (const leaf of this.leaves()) yield [leaf.key as K, leaf.value as V]
  }

  *keys(): IterableIterator<K> {
    for (const leaf of this.leaves()) yield leaf.key as K
  }

  *values(): IterableIterator<V> {
    for (const leaf of this.leaves()) yield leaf.value as V
  }

  isEmpty(): boolean {
    return (this.space()?.leaves.size ?? 0) === 0
  }

  put(key: K, value: V): void {
    const { table, current } = this
    const space = this.space() ?? table.openSpace(current.groupSlot, current.internal)
    const leaf = space.leaves.get(keyOf(key))
    if (leaf !== undefined) {
      table.touch(leaf, 'replace')
      leaf.value = value
    } else if (isKeyScalar(key)) table.insert(space, key, value)
    else throw mapKeyInvalid(key)
  }

  remove(key: K): void {
    const leaf = this.space()?.leaves.get(keyOf(key))
    if (leaf !== undefined) this.table.remove(leaf)
  }

  clear(): void {
    const space = this.space()
    if (space !== undefined) this.table.drop(space)
  }

  private space(): LeafSpace | undefined {
    return this.table.space(this.current.groupSlot, this.current.internal)
  }

  private *leaves(): IterableIterator<Leaf> {
    const leaves = this.space()?.leaves.values()
    for (;;) {
      const next = leaves?.next()
      if (next === undefined || next.done === true) return
      yield next.value
    }
  }
}

/** The keys of a map are scalars: what `mapState` is declared with. */
function keyOf(key: unknown): InternalKey {
  return key as InternalKey
}

export class KeyedReducingState<V> implements AppendingState<V, V> {
  private readonly entry: StateEntry
  private readonly reduce: (left: V, right: V) => V

  constructor(entry: StateEntry, reduce: (left: V, right: V) => V) {
    this.entry = entry
    this.reduce = reduce
  }

  add(value: V): void {
    const before = this.entry.edit() as V | undefined
    const after = before === undefined ? value : this.reduce(before, value)
    this.entry.write(requireNoPromise(after, 'the function of a reducingState'))
  }

  value(): V | undefined {
    return this.entry.read() as V | undefined
  }

  clear(): void {
    this.entry.clear()
  }
}

export class KeyedAggregatingState<T, A, R> implements AppendingState<T, R> {
  private readonly entry: StateEntry
  private readonly aggregate: Aggregate<T, A, R>

  constructor(entry: StateEntry, aggregate: Aggregate<T, A, R>) {
    this.entry = entry
    this.aggregate = aggregate
  }

  add(value: T): void {
    const { aggregate, entry } = this
    const before = entry.edit() as A | undefined
    const accumulator = before ?? requireNoPromise(aggregate.create(), aggregate.kind, ': create')
    entry.write(requireNoPromise(aggregate.add(accumulator, value, entry.timestamp), aggregate.kind, ': add'))
  }

  value(): R | undefined {
    const accumulator = this.entry.read() as A | undefined
    if (accumulator === undefined) return undefined
    return requireNoPromise(this.aggregate.result(accumulator), this.aggregate.kind, ': result')
  }

  clear(): void {
    this.entry.clear()
  }
}
