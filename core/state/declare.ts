import type { PlainState } from '../no-promise.js'
import { requireKnownOptions } from '../options.js'
import type { Aggregate } from '../window/aggregate.js'
import type {
  AggregatingStateSpec,
  AppendingState,
  KeyedStateBackend,
  ListState,
  ListStateSpec,
  MapState,
  MapStateSpec,
  ReducingStateSpec,
  ValueState,
  ValueStateSpec,
} from './backend.js'
import {
  type Evolution,
  type EvolutionOptions,
  type Evolving,
  type MapEvolution,
  requireEvolution,
} from './evolution.js'
import { type Expiring, requireTtl } from './ttl.js'

/*
 * How a user declares state: a record whose keys name the states, `state: { seen: valueState<number>() }`.
 */

export type ValueDeclaration<V> = Omit<ValueStateSpec<V>, 'name'>
export type ListDeclaration<V> = Omit<ListStateSpec<V>, 'name'>
export type MapDeclaration<K, V> = Omit<MapStateSpec<K, V>, 'name'>
export type ReducingDeclaration<V> = Omit<ReducingStateSpec<V>, 'name'>
export type AggregatingDeclaration<T, A, R> = Omit<AggregatingStateSpec<T, A, R>, 'name'>

/** What any declaration is, whatever it holds: only the kind can be read from it. */
export interface StateDeclaration {
  readonly kind: 'value' | 'list' | 'map' | 'reducing' | 'aggregating'
}

/** The same, to look into it. */
export type AnyDeclaration =
  | ValueDeclaration<unknown>
  | ListDeclaration<unknown>
  | MapDeclaration<unknown, unknown>
  | ReducingDeclaration<unknown>
  | AggregatingDeclaration<unknown, unknown, unknown>

export type StateDeclarations = Readonly<Record<string, StateDeclaration>>

/** The state that a declaration gives access to. */
export type StateHandle<D> =
  D extends ValueDeclaration<infer V>
    ? ValueState<V>
    : D extends ListDeclaration<infer V>
      ? ListState<V>
      : D extends MapDeclaration<infer K, infer V>
        ? MapState<K, V>
        : D extends ReducingDeclaration<infer V>
          ? AppendingState<V, V>
          : D extends AggregatingDeclaration<infer T, infer _A, infer R>
            ? AppendingState<T, R>
            : never

export type StateHandles<Ds extends StateDeclarations> = { readonly [Name in keyof Ds]: StateHandle<Ds[Name]> }

/**
 * One value a key. With `initial`, `value()` gives its result before the first update.
 * @throws TidemarkError OPTION_INVALID
 */
export function valueState<V>(
  this: PlainState<V>,
  options: Initial<V> & Evolution<V> & Expiring = {},
): ValueDeclaration<V> {
  requireOptions<DeclarationOptions & Initial<V>>('valueState', options, { ...DECLARATION_OPTIONS, initial: true })
  return Object.freeze({ kind: 'value', ...options })
}

/**
 * A list a key, in the order of `add`. Migrations are of its elements.
 * @throws TidemarkError OPTION_INVALID
 */
export function listState<V>(this: PlainState<V>, options: Evolution<V> & Expiring = {}): ListDeclaration<V> {
  requireOptions<DeclarationOptions>('listState', options, DECLARATION_OPTIONS)
  return Object.freeze({ kind: 'list', ...options })
}

/**
 * A map a key, in the order of the first `put` (after a restore: in any order). Its keys are scalars. Migrations are of its values, or of its keys.
 * @throws TidemarkError OPTION_INVALID
 */
export function mapState<K extends string | number | bigint | boolean, V>(
  this: PlainState<V>,
  options: MapEvolution<K, V> & Expiring = {},
): MapDeclaration<K, V> {
  requireOptions<EvolutionOptions & Expiring>('mapState', options, { ...DECLARATION_OPTIONS, migrateKeys: true })
  return Object.freeze({ kind: 'map', ...options })
}

/**
 * One value a key, made of all that were added: `reduce(left, right)`, `left` being the older.
 * @throws TidemarkError OPTION_INVALID
 */
export function reducingState<V>(
  this: PlainState<V>,
  reduce: (left: V, right: V) => V,
  options: Evolution<V> & Expiring = {},
): ReducingDeclaration<V> {
  requireOptions<DeclarationOptions>('reducingState', options, DECLARATION_OPTIONS)
  return Object.freeze({ kind: 'reducing', reduce, ...options })
}

/**
 * The result of an aggregate over all that were added, kept as its accumulator, which is what migrations are of.
 * @throws TidemarkError OPTION_INVALID
 */
export function aggregatingState<T, A, R>(
  this: PlainState<A | R>,
  aggregate: Aggregate<T, A, R>,
  options: Evolution<A> & Expiring = {},
): AggregatingDeclaration<T, A, R> {
  requireOptions<DeclarationOptions>('aggregatingState', options, DECLARATION_OPTIONS)
  return Object.freeze({ kind: 'aggregating', aggregate, ...options })
}

interface Initial<V> {
  readonly initial?: () => V
}

type DeclarationOptions = Evolving & Expiring

const DECLARATION_OPTIONS: Readonly<Record<keyof DeclarationOptions, true>> = {
  version: true,
  migrate: true,
  ttl: true,
}

/** @throws TidemarkError OPTION_INVALID */
function requireOptions<O extends EvolutionOptions & Expiring>(
  where: string,
  options: O,
  known: Parameters<typeof requireKnownOptions<O>>[2],
): void {
  requireKnownOptions(where, options, known)
  requireEvolution(where, options)
  requireTtl(where, options.ttl)
}

/** Names each state by its key in the record and opens it in the backend. */
export function openStates<Ds extends StateDeclarations>(
  backend: KeyedStateBackend,
  declarations: Ds,
): StateHandles<Ds> {
  const handles: Record<string, unknown> = {}
  for (const [name, declaration] of Object.entries(declarations)) {
    handles[name] = openState(backend, { ...declaration, name } as AnySpec)
  }
  // Each handle has the kind of the declaration of its name: what StateHandles says.
  return Object.freeze(handles) as StateHandles<Ds>
}

type AnySpec =
  | ValueStateSpec<unknown>
  | ListStateSpec<unknown>
  | MapStateSpec<unknown, unknown>
  | ReducingStateSpec<unknown>
  | AggregatingStateSpec<unknown, unknown, unknown>

function openState(backend: KeyedStateBackend, spec: AnySpec): unknown {
  switch (spec.kind) {
    case 'value':
      return backend.value(spec)
    case 'list':
      return backend.list(spec)
    case 'map':
      return backend.map(spec)
    case 'reducing':
      return backend.reducing(spec)
    default:
      return backend.aggregating(spec)
  }
}
