import type { Aggregate } from '../window/aggregate.js'
import type { KeyGroupedComponent } from './component.js'
import type { Evolving, Steps } from './evolution.js'
import type { LeftOut, StateEvolution, StoredTimes } from './evolving-table.js'
import type { Journal } from './journal.js'
import type { InternalKey, Key } from './key.js'
import type { Tracked } from './leaf.js'
import type { LeafTable, LeafTableOptions } from './leaf-table.js'
import type { Expiring } from './ttl.js'

/** Half open: first <= group < end. */
export interface KeyGroupRange {
  readonly first: number
  readonly end: number
}

/** Names a state of an operator. `name` is unique in the operator and part of the savepoint. */
export interface ValueStateSpec<V> extends Evolving, Expiring {
  readonly kind: 'value'
  readonly name: string
  /** What `value()` gives before the first update. */
  readonly initial?: () => V
}
export interface ListStateSpec<V> extends Evolving, Expiring {
  readonly kind: 'list'
  readonly name: string
  readonly elementOf?: () => V
}
export interface MapStateSpec<K, V> extends Evolving, Expiring {
  readonly kind: 'map'
  readonly name: string
  readonly migrateKeys?: Steps
  readonly entryOf?: () => readonly [K, V]
}
export interface ReducingStateSpec<V> extends Evolving, Expiring {
  readonly kind: 'reducing'
  readonly name: string
  readonly reduce: (left: V, right: V) => V
}
export interface AggregatingStateSpec<T, A, R> extends Evolving, Expiring {
  readonly kind: 'aggregating'
  readonly name: string
  readonly aggregate: Aggregate<T, A, R>
}

/** State of the current key. What a read returns is valid, and must not be changed, during the call that got it. */
export interface ReadOnlyValueState<V> {
  value(): Readonly<V> | undefined
}
export interface ValueState<V> extends ReadOnlyValueState<V> {
  update(value: V): void
  /** Changes the value in place (or replaces it by what `change` returns) and stores it. */
  mutate(change: (value: V | undefined) => V): void
  clear(): void
}
export interface ReadOnlyListState<V> {
  values(): readonly V[]
}
export interface ListState<V> extends ReadOnlyListState<V> {
  add(value: V): void
  addAll(values: readonly V[]): void
  update(values: readonly V[]): void
  clear(): void
}
export interface ReadOnlyMapState<K, V> {
  get(key: K): Readonly<V> | undefined
  has(key: K): boolean
  entries(): Iterable<readonly [K, V]>
  keys(): Iterable<K>
  values(): Iterable<V>
  isEmpty(): boolean
}
export interface MapState<K, V> extends ReadOnlyMapState<K, V> {
  /** @throws TidemarkError MAP_KEY_INVALID for a key that is no scalar */
  put(key: K, value: V): void
  remove(key: K): void
  clear(): void
}
export interface AppendingState<T, R> {
  add(value: T): void
  value(): R | undefined
  clear(): void
}

export interface TableOptions extends Omit<LeafTableOptions, 'operatorId' | 'slots' | 'firstGroup' | 'store'> {
  /** Values are objects that live: they stay on the heap whatever the backend is. */
  readonly onHeap?: boolean
  /** Where the stream's key is: the id of a space, or that of an entry, which is the default. */
  readonly keysAre?: 'spaces' | 'entries'
  /** How older versions of the values become the current one. */
  readonly evolution?: StateEvolution
  /** Of a user's state. */
  readonly times?: StoredTimes
  readonly isLeftOut?: LeftOut
}

/** Where an operator's keyed state lives. Access needs a current key; the operator sets it before each row. */
export interface KeyedStateBackend {
  readonly range: KeyGroupRange
  /** `timestamp`: of the row, for aggregating state whose aggregate looks at it (`first`, `last`). */
  setCurrentKey(key: InternalKey, group: number, timestamp?: number): void
  /** From here on access is an error until the next `setCurrentKey`: a user's callback must not meet another key's state. */
  clearCurrentKey(): void
  readonly currentInternalKey: InternalKey
  readonly currentGroup: number
  /** The key as the user gave it. */
  readonly currentKey: Key
  value<V>(spec: ValueStateSpec<V>): ValueState<V>
  list<V>(spec: ListStateSpec<V>): ListState<V>
  map<K, V>(spec: MapStateSpec<K, V>): MapState<K, V>
  reducing<V>(spec: ReducingStateSpec<V>): AppendingState<V, V>
  aggregating<T, A, R>(spec: AggregatingStateSpec<T, A, R>): AppendingState<T, R>
  /** Adds a component of the operator's own. It is restored when all are there, before the first record. */
  register<T extends Tracked>(component: KeyGroupedComponent<T>): void
  /** A table of the operator's own, kept where this backend keeps state. It has to be registered. */
  openTable(options: TableOptions): LeafTable
  /** Every table that is opened after this notes its changes there, but those on the heap whatever the backend is. */
  noteChangesIn(journal: Journal): void
}
