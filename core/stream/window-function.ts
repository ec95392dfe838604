import type { Emitted, LifeCycle } from '../operators/functions.js'
import type { SideEmitters, SideOutputs } from '../operators/side-output.js'
import type { StateDeclarations, StateHandles } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { TimeWindow, Window } from '../window/index.js'
import type { None } from './stream.js'

/** What a window's function knows besides the values. Valid during the call, or while its result is iterated. */
export interface WindowProcessContext<
  out K extends Key,
  out W extends Window,
  O extends SideOutputs,
  G extends StateDeclarations = None,
  S extends StateDeclarations = None,
> {
  readonly key: K
  readonly window: W
  readonly watermark: number
  /** Wall clock, epoch milliseconds. */
  readonly processingTime: number
  readonly sideOutputs: SideEmitters<O>
  /**
   * Of a session: the other windows under which earlier results of these records went out, early or before late records
   * made it longer. This result has all that they had: a sink that writes by key and window deletes them. Else empty.
   */
  readonly replaces: readonly TimeWindow[]
  /** State of this key, for all of its windows, by the names declared. It stays until the function clears it. */
  readonly keyState: StateHandles<G>
  /** State of this key and window, by the names declared. It goes with the window. */
  readonly windowState: StateHandles<S>
}

interface WindowHooks<O extends SideOutputs, G extends StateDeclarations, S extends StateDeclarations, C>
  extends LifeCycle<C> {
  readonly sideOutputs?: O
  /** Of a key, across its windows. */
  readonly keyState?: G
  /** Of each window of a key, from one firing to the next. Not of sessions, global and counted windows. */
  readonly windowState?: S
}

export interface WindowObject<
  K extends Key,
  in T,
  W extends Window,
  O extends SideOutputs,
  out R,
  C,
  G extends StateDeclarations,
  S extends StateDeclarations,
> extends WindowHooks<O, G, S, C> {
  process(values: readonly T[], context: WindowProcessContext<K, W, O, G, S>, opened: C): Emitted<R>
}

export type WindowFunction<
  K extends Key,
  T,
  W extends Window,
  O extends SideOutputs,
  R,
  C,
  G extends StateDeclarations,
  S extends StateDeclarations,
> =
  | ((values: readonly T[], context: WindowProcessContext<K, W, O>) => Emitted<R>)
  | WindowObject<K, T, W, O, R, C, G, S>

/** The same of what aggregates made of the values, by their names. */
export interface SummaryObject<
  K extends Key,
  in V,
  W extends Window,
  O extends SideOutputs,
  out R,
  C,
  G extends StateDeclarations,
  S extends StateDeclarations,
> extends WindowHooks<O, G, S, C> {
  process(results: V, context: WindowProcessContext<K, W, O, G, S>, opened: C): Emitted<R>
}

export type SummaryFunction<
  K extends Key,
  V,
  W extends Window,
  O extends SideOutputs,
  R,
  C,
  G extends StateDeclarations,
  S extends StateDeclarations,
> = ((results: V, context: WindowProcessContext<K, W, O>) => Emitted<R>) | SummaryObject<K, V, W, O, R, C, G, S>
