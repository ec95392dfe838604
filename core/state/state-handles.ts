import type { Aggregate } from '../window/aggregate.js'
import type { AppendingState, ListState, MapState, ValueState } from './backend.js'
import type { CurrentKey } from './current-key.js'
import type { StateTable } from './state-table.js'

export class HeapValueState<V> implements ValueState<V> {
  private readonly table: StateTable<V>
  private readonly initial: (() => V) | undefined

  constructor(table: StateTable<V>, initial: (() => V) | undefined) {
    this.table = table
    this.initial = initial
  }

  value(): Readonly<V> | undefined {
    return this.present()
  }

  update(value: V): void {
    if (value === undefined) this.table.delete()
    else this.table.set(value)
  }

  mutate(change: (value: V | undefined) => V): void {
    this.update(change(this.present()))
  }

  clear(): void {
    this.table.delete()
  }

  private present(): V | undefined {
    const value = this.table.get()
    return value === undefined ? this.initial?.() : value
  }
}

const NO_VALUES: readonly never[] = Object.freeze([])

export class HeapListState<V> implements ListState<V> {
  private readonly table: StateTable<V[]>

  constructor(table: StateTable<V[]>) {
    this.table = table
  }

  values(): readonly V[] {
    return this.table.get() ?? NO_VALUES
  }

  add(value: V): void {
    const list = this.table.get()
    if (list === undefined) this.table.set([value])
    else list.push(value)
  }

  addAll(values: readonly V[]): void {
    // A copy first: the list may be added to itself.
    for (const value of values.slice()) this.add(value)
  }

  update(values: readonly V[]): void {
    if (values.length === 0) this.table.delete()
    else this.table.set(values.slice())
  }

  clear(): void {
    this.table.delete()
  }
}

export class HeapMapState<K, V> implements MapState<K, V> {
  private readonly table: StateTable<Map<K, V>>

  constructor(table: StateTable<Map<K, V>>) {
    this.table = table
  }

  get(key: K): Readonly<V> | undefined {
    return this.table.get()?.get(key)
  }

  has(key: K): boolean {
    return this.table.get()?.has(key) ?? false
  }

  entries(): Iterable<readonly [K, V]> {
    return this.table.get()?.entries() ?? NO_VALUES
  }

  keys(): Iterable<K> {
    return this.table.get()?.keys() ?? NO_VALUES
  }

  values(): Iterable<V> {
    return this.table.get()?.values() ?? NO_VALUES
  }

  isEmpty(): boolean {
    return this.table.get() === undefined
  }

  put(key: K, value: V): void {
    const map = this.table.get()
    if (map === undefined) this.table.set(new Map([[key, value]]))
    else map.set(key, value)
  }

  remove(key: K): void {
    const map = this.table.get()
    if (map?.delete(key) && map.size === 0) this.table.delete()
  }

  clear(): void {
    this.table.delete()
  }
}

export class HeapReducingState<V> implements AppendingState<V, V> {
  private readonly table: StateTable<V>
  private readonly reduce: (left: V, right: V) => V

  constructor(table: StateTable<V>, reduce: (left: V, right: V) => V) {
    this.table = table
    this.reduce = reduce
  }

  add(value: V): void {
    const before = this.table.get()
    this.table.set(before === undefined ? value : this.reduce(before, value))
  }

  value(): V | undefined {
    return this.table.get()
  }

  clear(): void {
    this.table.delete()
  }
}

export class HeapAggregatingState<T, A, R> implements AppendingState<T, R> {
  private readonly table: StateTable<A>
  private readonly current: CurrentKey
  private readonly aggregate: Aggregate<T, A, R>

  constructor(table: StateTable<A>, current: CurrentKey, aggregate: Aggregate<T, A, R>) {
    this.table = table
    this.current = current
    this.aggregate = aggregate
  }

  add(value: T): void {
    const accumulator = this.table.get() ?? this.aggregate.create()
    this.table.set(this.aggregate.add(accumulator, value, this.current.timestamp))
  }

  value(): R | undefined {
    const accumulator = this.table.get()
    return accumulator === undefined ? undefined : this.aggregate.result(accumulator)
  }

  clear(): void {
    this.table.delete()
  }
}
