import { NO_TIMESTAMP } from '../element.js'
import { acceptState, evolutionOf, layoutOf, type StateSpec } from './accept-state.js'
import type {
  AggregatingStateSpec,
  AppendingState,
  KeyedStateBackend,
  KeyGroupRange,
  ListState,
  ListStateSpec,
  MapState,
  MapStateSpec,
  ReducingStateSpec,
  TableOptions,
  ValueState,
  ValueStateSpec,
} from './backend.js'
import type { KeyGroupedComponent } from './component.js'
import { CurrentKey } from './current-key.js'
import { EvolvingTable } from './evolving-table.js'
import { Expiry, type ExpiryOptions, isOver } from './expiry.js'
import { HEAP_LEAVES } from './heap-leaves.js'
import { type Journal, JournaledTable } from './journal.js'
import type { InternalKey, Key } from './key.js'
import { fromInternalKey } from './key-codec.js'
import { KeyGuard, type KeysChanged } from './key-guard.js'
import { KeyedRestore } from './keyed-restore.js'
import { KeyedSnapshot } from './keyed-snapshot.js'
import type { Tracked } from './leaf.js'
import type { LeafStore, LeafTable } from './leaf-table.js'
import type { Lifetime } from './lifetime.js'
import { stateCorrupt, stateNameTaken } from './state-error.js'
import {
  KeyedAggregatingState,
  KeyedEntry,
  KeyedListState,
  KeyedMapState,
  KeyedReducingState,
  KeyedValueState,
  type StateEntry,
} from './state-handles.js'
import { storedTimed, timedListOf, timedValueOf } from './timed.js'
import { TimedEntry, TimedListState, TimedMapState } from './timed-handles.js'
import { TimedLeaves, type TimedTable } from './timed-leaves.js'
import type { Ttl } from './ttl.js'

export interface KeyedStateOptions extends ExpiryOptions {
  readonly range: KeyGroupRange
  /** Default: the heap. */
  readonly leaves?: LeafStore
  /** What was restored has keys of another type than the records. Default: an error. */
  readonly onKeysChanged?: KeysChanged
}

/** A user's state and an engine's component of the same name do not meet. */
const STATE_PREFIX = 'state:'

/** Keyed state of one operator on one subtask. What it is made of registers first; then it is restored, then used. */
export class KeyedState implements KeyedStateBackend {
  readonly range: KeyGroupRange
  private readonly operatorId: string
  private readonly current: CurrentKey
  private readonly leaves: LeafStore
  private readonly guard: KeyGuard
  private readonly components = new Map<string, KeyGroupedComponent>()
  private readonly kinds = new Map<string, string>()
  private readonly expiry: Expiry
  private journal: Journal | undefined

  constructor(options: KeyedStateOptions) {
    this.operatorId = options.operatorId
    this.range = options.range
    this.current = new CurrentKey(options.operatorId, options.range)
    this.leaves = options.leaves ?? HEAP_LEAVES
    this.guard = new KeyGuard(options.operatorId, options.onKeysChanged)
    this.expiry = new Expiry(options)
  }

  setCurrentKey(key: InternalKey, group: number, timestamp: number = NO_TIMESTAMP): void {
    this.current.set(key, group, timestamp)
  }

  clearCurrentKey(): void {
    this.current.clear()
  }

  get currentInternalKey(): InternalKey {
    return this.current.internal
  }

  get currentGroup(): number {
    return this.current.group
  }

  get currentKey(): Key {
    return fromInternalKey(this.current.internal)
  }

  value<V>(spec: ValueStateSpec<V>): ValueState<V> {
    return new KeyedValueState(this.entry(spec), spec.initial)
  }

  list<V>(spec: ListStateSpec<V>): ListState<V> {
    const { current } = this
    if (spec.ttl !== undefined) return new TimedListState({ ...this.timed(spec, spec.ttl), current })
    return new KeyedListState(new KeyedEntry(this.table(spec), current))
  }

  map<K, V>(spec: MapStateSpec<K, V>): MapState<K, V> {
    const { current } = this
    if (spec.ttl !== undefined) return new TimedMapState(new TimedLeaves(this.timed(spec, spec.ttl)), current)
    return new KeyedMapState(this.table(spec), current)
  }

  reducing<V>(spec: ReducingStateSpec<V>): AppendingState<V, V> {
    return new KeyedReducingState(this.entry(spec), spec.reduce)
  }

  aggregating<T, A, R>(spec: AggregatingStateSpec<T, A, R>): AppendingState<T, R> {
    return new KeyedAggregatingState(this.entry(spec), spec.aggregate)
  }

  register<T extends Tracked>(component: KeyGroupedComponent<T>): void {
    this.add(component, component.name, 'component')
  }

  noteChangesIn(journal: Journal): void {
    this.journal = journal
  }

  /** A table of an operator's own, where this state keeps its leaves. */
  openTable(options: TableOptions): LeafTable {
    const { operatorId, range, journal } = this
    const { onHeap, keysAre = 'entries', evolution, ...table } = options
    const all = {
      ...table,
      guard: this.guard,
      keysAre,
      evolution,
      operatorId,
      firstGroup: range.first,
      slots: range.end - range.first,
      store: onHeap ? HEAP_LEAVES : this.leaves,
    }
    return journal === undefined || onHeap ? new EvolvingTable(all) : new JournaledTable(all, journal)
  }

  /** Entries of all states, timers and windows, by component. */
  get sizes(): ReadonlyMap<string, number> {
    const sizes = new Map<string, number>()
    for (const { name, changes } of this.components.values()) {
      sizes.set(
        name,
        changes.live.reduce((sum, live) => sum + live, 0),
      )
    }
    return sizes
  }

  /** What is registered. */
  get declared(): readonly KeyGroupedComponent[] {
    return [...this.components.values()]
  }

  /** Begins to read what a checkpoint holds of the range, once everything is registered. */
  restore(): KeyedRestore {
    return new KeyedRestore({ operatorId: this.operatorId, range: this.range, components: this.components })
  }

  /** At a barrier. Until the next one it is to be told what became of the checkpoint. */
  snapshot(options: { readonly checkpointId: number; readonly isSavepoint: boolean }): KeyedSnapshot {
    const { operatorId, range } = this
    for (const component of this.components.values()) if (component instanceof EvolvingTable) component.forgetOldKeys()
    return new KeyedSnapshot([...this.components.values()], { ...options, operatorId, firstGroup: range.first })
  }

  checkpointCompleted(id: number): void {
    for (const { changes } of this.components.values()) changes.complete(id)
  }

  checkpointAborted(id: number): void {
    for (const { changes } of this.components.values()) changes.abort(id)
  }

  /** Between batches: some of what has expired goes, and what a bounded cache holds too much. */
  trim(): void {
    this.expiry.clean()
    this.leaves.trim?.()
  }

  close(): void {
    this.leaves.close?.()
  }

  private entry(spec: StateSpec): StateEntry {
    const { current } = this
    if (spec.ttl !== undefined) return new TimedEntry(new TimedLeaves(this.timed(spec, spec.ttl)), current)
    return new KeyedEntry(this.table(spec), current)
  }

  private timed(spec: StateSpec, ttl: Ttl): TimedTable {
    const lifetime = this.expiry.lifetimeOf(spec.name, ttl)
    const table = this.table(spec, lifetime)
    return { table, lifetime, onCreated: this.expiry.watch(table, lifetime) }
  }

  private table(spec: StateSpec, lifetime?: Lifetime): LeafTable {
    const { operatorId } = this
    const isMap = spec.kind === 'map'
    const { name: state, version } = spec
    const table = this.openTable({
      name: STATE_PREFIX + state,
      layout: layoutOf(spec),
      accept: (stored) => acceptState({ operatorId, state }, spec, stored),
      hasSpaces: isMap,
      keysAre: isMap ? 'spaces' : 'entries',
      // Of all kinds the only one whose values the engine itself looks into.
      ...(spec.kind === 'list' && { fromStored: (stored, { space }) => this.listOf(stored, space.slot, state) }),
      ...(version === undefined ? {} : { evolution: evolutionOf(spec) }),
      times: { of: spec.kind === 'list' ? 'elements' : 'values', now: lifetime && (() => lifetime.now()) },
      ...(lifetime && {
        toStored: storedTimed,
        fromStored: spec.kind === 'list' ? timedListOf : timedValueOf,
        isLeftOut: isOver(lifetime),
      }),
    })
    this.add(table, state, spec.kind)
    return table
  }

  private listOf(stored: unknown, slot: number, state: string): unknown {
    if (Array.isArray(stored)) return stored
    throw stateCorrupt(this.operatorId, this.range.first + slot, `no list in '${state}'`)
  }

  private add<T extends Tracked>(component: KeyGroupedComponent<T>, name: string, kind: string): void {
    const takenBy = this.kinds.get(component.name)
    if (takenBy !== undefined) throw stateNameTaken(this.operatorId, name, kind, takenBy)
    this.kinds.set(component.name, kind)
    // A component is only ever given entries that it has made itself.
    this.components.set(component.name, component as unknown as KeyGroupedComponent)
  }
}
