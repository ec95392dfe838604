import { encode } from '../codec/index.js'
import { NO_TIMESTAMP } from '../element.js'
import { TidemarkError } from '../errors.js'
import type {
  AggregatingStateSpec,
  AppendingState,
  KeyedStateBackend,
  KeyGroupedComponent,
  KeyGroupRange,
  ListState,
  ListStateSpec,
  MapState,
  MapStateSpec,
  ReducingStateSpec,
  ValueState,
  ValueStateSpec,
} from './backend.js'
import { CurrentKey } from './current-key.js'
import type { InternalKey, Key } from './key.js'
import { fromInternalKey } from './key-codec.js'
import { stateNameTaken } from './state-error.js'
import {
  HeapAggregatingState,
  HeapListState,
  HeapMapState,
  HeapReducingState,
  HeapValueState,
} from './state-handles.js'
import { type StateKind, StateTable } from './state-table.js'
import { type StoredComponent, StoredGroups } from './stored-groups.js'

export interface HeapBackendOptions {
  readonly operatorId: string
  readonly range: KeyGroupRange
  /** What `encodeGroup` gave for a group at the checkpoint; undefined for one without state. */
  readonly restored?: (group: number) => Uint8Array | undefined
  /** The same, decoded as far as it is: for whoever decodes in slices. The rest is decoded at once. */
  readonly stored?: StoredGroups
}

/** A user's state and an engine's component of the same name do not meet. */
const STATE_PREFIX = 'state:'

/** Keyed state of one operator on one subtask, as JavaScript values in `Map`s by key group. */
export class HeapKeyedStateBackend implements KeyedStateBackend {
  readonly range: KeyGroupRange
  private readonly operatorId: string
  private readonly current: CurrentKey
  private readonly stored: StoredGroups
  private readonly components = new Map<string, KeyGroupedComponent>()
  private readonly kinds = new Map<string, string>()

  constructor(options: HeapBackendOptions) {
    this.operatorId = options.operatorId
    this.range = options.range
    this.current = new CurrentKey(options.operatorId, options.range)
    const { operatorId, range, restored = () => undefined, stored } = options
    this.stored = stored ?? new StoredGroups(operatorId, range, restored)
    while (this.stored.decodeNext());
  }

  setCurrentKey(key: InternalKey, group: number, timestamp: number = NO_TIMESTAMP): void {
    this.current.set(key, group, timestamp)
  }

  /** From here on access is an error until the next `setCurrentKey`. */
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
    return new HeapValueState(this.table<V>(spec), spec.initial)
  }

  list<V>(spec: ListStateSpec<V>): ListState<V> {
    return new HeapListState(this.table<V[]>(spec))
  }

  map<K, V>(spec: MapStateSpec<K, V>): MapState<K, V> {
    return new HeapMapState(this.table<Map<K, V>>(spec))
  }

  reducing<V>(spec: ReducingStateSpec<V>): AppendingState<V, V> {
    return new HeapReducingState(this.table<V>(spec), spec.reduce)
  }

  aggregating<T, A, R>(spec: AggregatingStateSpec<T, A, R>): AppendingState<T, R> {
    return new HeapAggregatingState(this.table<A>(spec), this.current, spec.aggregate)
  }

  register(component: KeyGroupedComponent): void {
    this.add(component, component.name, 'component')
  }

  /** Restored state that nothing has asked for: a state that the job no longer declares. It stays in checkpoints. */
  get unclaimed(): readonly string[] {
    return this.stored.componentNames.map((name) =>
      name.startsWith(STATE_PREFIX) ? name.slice(STATE_PREFIX.length) : name,
    )
  }

  /** Groups that have any state, in order. */
  *groupsWithState(): IterableIterator<number> {
    for (let group = this.range.first; group < this.range.end; group++) if (this.hasState(group)) yield group
  }

  /**
   * All state of a group as it is now, undefined when there is none.
   * @throws TidemarkError STATE_NOT_SERIALIZABLE, naming operator, state and path
   */
  encodeGroup(group: number): Uint8Array | undefined {
    if (!this.hasState(group)) return undefined
    const record: Record<string, StoredComponent> = {}
    for (const component of this.components.values()) {
      const data = component.snapshotGroup(group)
      const { name, layout, version } = component
      if (data !== undefined) record[name] = { layout, version, data }
    }
    for (const [name, stored] of this.stored.of(group) ?? []) record[name] = stored
    try {
      return encode(record)
    } catch (error) {
      throw error instanceof TidemarkError ? this.withOperator(error, group) : error
    }
  }

  private hasState(group: number): boolean {
    if (this.stored.of(group) !== undefined) return true
    for (const component of this.components.values()) if (component.snapshotGroup(group) !== undefined) return true
    return false
  }

  private table<Stored>(spec: { readonly kind: StateKind; readonly name: string }): StateTable<Stored> {
    const table = new StateTable<Stored>(this.current, STATE_PREFIX + spec.name, spec.kind)
    this.add(table, spec.name, spec.kind)
    return table
  }

  private add(component: KeyGroupedComponent, name: string, kind: string): void {
    const takenBy = this.kinds.get(component.name)
    if (takenBy !== undefined) throw stateNameTaken(this.operatorId, name, kind, takenBy)
    this.kinds.set(component.name, kind)
    this.components.set(component.name, component)
    this.stored.restoreInto(component)
  }

  private withOperator(error: TidemarkError, group: number): TidemarkError {
    return new TidemarkError({
      code: error.code,
      domain: error.domain,
      operatorId: this.operatorId,
      message: `operator '${this.operatorId}', key group ${group}: ${error.message}`,
      cause: error,
    })
  }
}
