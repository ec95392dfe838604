import { decode, encode } from '../codec/index.js'
import { TidemarkError } from '../errors.js'
import { requireNoPromise } from '../promises.js'
import type { MapState, ReadOnlyMapState, ReadOnlyValueState, ValueState } from './backend.js'
import type { MapDeclaration, ValueDeclaration } from './declare.js'
import type { Journal } from './journal.js'
import { isKeyScalar } from './key-check.js'
import type { OperatorStateMode, OperatorStateSnapshot } from './operator-state.js'
import { mapKeyInvalid, stateCorrupt } from './state-error.js'

/*
 * State that every subtask of a step has a whole copy of, and that only the broadcast side of a connect changes.
 */

/** Declared with `mapState` and `valueState`, as keyed state is. */
export type BroadcastDeclarations = Readonly<Record<string, { readonly kind: 'map' | 'value' }>>

/** As the broadcast side has it. */
export type BroadcastState<Bs extends BroadcastDeclarations> = {
  readonly [Name in keyof Bs]: Bs[Name] extends ValueDeclaration<infer V>
    ? ValueState<V>
    : Bs[Name] extends MapDeclaration<infer K, infer V>
      ? MapState<K, V>
      : never
}

/** As the other side has it. */
export type ReadOnlyBroadcastState<Bs extends BroadcastDeclarations> = {
  readonly [Name in keyof Bs]: Bs[Name] extends ValueDeclaration<infer V>
    ? ReadOnlyValueState<V>
    : Bs[Name] extends MapDeclaration<infer K, infer V>
      ? ReadOnlyMapState<K, V>
      : never
}

export interface BroadcastStatesOptions {
  readonly operatorId: string
  /** As OperatorContext has it. */
  readonly restored: (name: string, mode: OperatorStateMode) => readonly unknown[]
  readonly journal?: Journal | undefined
}

/** One subtask's copy of all broadcast states of a step. */
export class BroadcastStates<Bs extends BroadcastDeclarations> {
  readonly state: BroadcastState<Bs>
  readonly #access: Access
  readonly #copies: readonly (readonly [name: string, copy: Copy])[]

  constructor(declarations: Bs, { operatorId, restored, journal }: BroadcastStatesOptions) {
    this.#access = { operatorId, isOpen: false }
    this.#copies = Object.entries(declarations).map(([name, declaration]) => {
      const own = { name, access: this.#access, restored: restored(name, 'broadcast'), journal }
      return [
        name,
        declaration.kind === 'map' ? new BroadcastMap(own) : new BroadcastValue(own, initialOf(declaration)),
      ]
    })
    // Each has the kind of the declaration of its name: what BroadcastState says.
    this.state = Object.freeze(Object.fromEntries(this.#copies)) as unknown as BroadcastState<Bs>
  }

  /** Whether it may be changed now: while an element of the broadcast side is worked on. */
  set isWritable(isWritable: boolean) {
    this.#access.isOpen = isWritable
  }

  snapshot(): readonly OperatorStateSnapshot[] {
    return this.#copies.map(([name, copy]) => ({ name, mode: 'broadcast', entries: copy.entriesToStore() }))
  }
}

interface Access {
  readonly operatorId: string
  isOpen: boolean
}

interface Parts {
  readonly name: string
  readonly access: Access
  readonly restored: readonly unknown[]
  readonly journal: Journal | undefined
}

interface Copy {
  entriesToStore(): readonly unknown[]
}

class BroadcastMap<K, V> implements MapState<K, V>, Copy {
  readonly #parts: Parts
  readonly #map: Map<K, V>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#map = new Map(ownCopy(parts.restored).map((entry) => pairOf<K, V>(entry, parts)))
  }

  get(key: K): Readonly<V> | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  entries(): Iterable<readonly [K, V]> {
    return this.#map.entries()
  }

  keys(): Iterable<K> {
    return this.#map.keys()
  }

  values(): Iterable<V> {
    return this.#map.values()
  }

  isEmpty(): boolean {
    return this.#map.size === 0
  }

  put(key: K, value: V): void {
    requireOpen(this.#parts)
    if (!isKeyScalar(key)) throw mapKeyInvalid(key)
    this.#noteEntries()
    this.#map.set(key, ownCopy(value))
  }

  remove(key: K): void {
    requireOpen(this.#parts)
    this.#noteEntries()
    this.#map.delete(key)
  }

  clear(): void {
    requireOpen(this.#parts)
    this.#noteEntries()
    this.#map.clear()
  }

  /** All of them, so that they keep their order. Broadcast elements are few. */
  #noteEntries(): void {
    const { journal } = this.#parts
    if (journal === undefined) return
    const entries = [...this.#map]
    journal.note(() => {
      this.#map.clear()
      for (const [key, value] of entries) this.#map.set(key, value)
    })
  }

  entriesToStore(): readonly unknown[] {
    return [...this.#map]
  }
}

class BroadcastValue<V> implements ValueState<V>, Copy {
  readonly #parts: Parts
  readonly #initial: (() => V) | undefined
  #value: V | undefined

  constructor(parts: Parts, initial: (() => V) | undefined) {
    this.#parts = parts
    this.#initial = initial
    // What `entriesToStore` gave.
    this.#value = ownCopy(parts.restored)[0] as V | undefined
  }

  value(): Readonly<V> | undefined {
    return this.#present()
  }

  update(value: V): void {
    requireOpen(this.#parts)
    this.#noteValue(this.#value)
    this.#value = value === undefined ? undefined : ownCopy(value)
  }

  mutate(change: (value: V | undefined) => V): void {
    // Before anything is changed in place.
    requireOpen(this.#parts)
    if (this.#parts.journal !== undefined) this.#noteValue(ownCopy(this.#value))
    this.update(requireNoPromise(change(this.#present()), 'the function of mutate of a broadcast value'))
  }

  clear(): void {
    requireOpen(this.#parts)
    this.#noteValue(this.#value)
    this.#value = undefined
  }

  #noteValue(value: V | undefined): void {
    this.#parts.journal?.note(() => {
      this.#value = value
    })
  }

  entriesToStore(): readonly unknown[] {
    return this.#value === undefined ? [] : [this.#value]
  }

  #present(): V | undefined {
    return this.#value === undefined ? requireNoPromise(this.#initial?.(), 'initial of a broadcast value') : this.#value
  }
}

/**
 * Subtasks on one event loop get the same broadcast element, the object itself: a change in place by one of them would
 * be seen by all, and made once by each. Broadcast elements are few; records only read.
 */
function ownCopy<T>(value: T): T {
  return decode(encode(value)) as T
}

/** What `entriesToStore` gave: anybody may have made what is restored. */
function pairOf<K, V>(entry: unknown, { access, name }: Parts): readonly [K, V] {
  if (Array.isArray(entry) && entry.length === 2) return entry as unknown as readonly [K, V]
  throw stateCorrupt(access.operatorId, undefined, `no entries of a map in broadcast state '${name}'`)
}

function initialOf(declaration: { readonly kind: string; readonly initial?: unknown }): (() => unknown) | undefined {
  // A declaration of value state has no other member of that name.
  return declaration.initial as (() => unknown) | undefined
}

function requireOpen({ access, name }: Parts): void {
  if (access.isOpen) return
  throw new TidemarkError({
    code: 'BROADCAST_STATE_READ_ONLY',
    domain: 'user',
    operatorId: access.operatorId,
    message:
      `broadcast state '${name}' of operator '${access.operatorId}': expected a change while onBroadcast runs, found one ` +
      'elsewhere; every subtask has a copy, and a change by a record would be made in one of them only',
  })
}
