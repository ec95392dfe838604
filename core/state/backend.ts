import type { Aggregate } from '../window/aggregate.js'
import type { InternalKey, Key } from './key.js'

/** Half open: first <= group < end. */
export interface KeyGroupRange {
  readonly first: number
  readonly end: number
}

/** Names a state of an operator. `name` is unique in the operator and part of the savepoint. */
export interface ValueStateSpec<V> {
  readonly kind: 'value'
  readonly name: string
  /** What `value()` gives before the first update. */
  readonly initial?: () => V
}
export interface ListStateSpec<V> {
  readonly kind: 'list'
  readonly name: string
  readonly elementOf?: () => V
}
export interface MapStateSpec<K, V> {
  readonly kind: 'map'
  readonly name: string
  readonly entryOf?: () => readonly [K, V]
}
export interface ReducingStateSpec<V> {
  readonly kind: 'reducing'
  readonly name: string
  readonly reduce: (left: V, right: V) => V
}
export interface AggregatingStateSpec<T, A, R> {
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
  put(key: K, value: V): void
  remove(key: K): void
  clear(): void
}
export interface AppendingState<T, R> {
  add(value: T): void
  value(): R | undefined
  clear(): void
}

/**
 * State that is kept by key group and therefore can move between subtasks. The heap backend, timers and the window
 * stores are components; a snapshot asks each for one group at a time, so that it can be taken in slices.
 */
export interface KeyGroupedComponent {
  /** Unique in the operator, stable: it names the data in a savepoint. */
  readonly name: string
  /** How the data is laid out (`by-key`, `by-window`, `by-slice`), so that a later version can read it. */
  readonly layout: string
  /** Of the layout; counts from 1. */
  readonly version: number
  /** Plain data, undefined when empty. May alias live state: the caller encodes it before anything else runs. */
  snapshotGroup(group: number): unknown
  /** Called at most once a group, before the first record. */
  restoreGroup(group: number, data: unknown, stored: { readonly layout: string; readonly version: number }): void
}

/** Where an operator's keyed state lives. Access needs a current key; the operator sets it before each row. */
export interface KeyedStateBackend {
  readonly range: KeyGroupRange
  /** `timestamp`: of the row, for aggregating state whose aggregate looks at it (`first`, `last`). */
  setCurrentKey(key: InternalKey, group: number, timestamp?: number): void
  readonly currentInternalKey: InternalKey
  readonly currentGroup: number
  /** The key as the user gave it. */
  readonly currentKey: Key
  value<V>(spec: ValueStateSpec<V>): ValueState<V>
  list<V>(spec: ListStateSpec<V>): ListState<V>
  map<K, V>(spec: MapStateSpec<K, V>): MapState<K, V>
  reducing<V>(spec: ReducingStateSpec<V>): AppendingState<V, V>
  aggregating<T, A, R>(spec: AggregatingStateSpec<T, A, R>): AppendingState<T, R>
  /** Adds a component of the operator's own. Its stored groups are restored at once. */
  register(component: KeyGroupedComponent): void
}
