import type { BroadcastDeclarations, BroadcastState, ReadOnlyBroadcastState } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { Emitted, LifeCycle } from './functions.js'
import type { FiredTimer, KeyedProcessContext, ProcessContext } from './process-function.js'
import type { SideOutputs } from './side-output.js'

/** Of an element of the broadcast side: the one place where broadcast state is changed. */
export interface BroadcastContext<B extends BroadcastDeclarations, O extends SideOutputs> extends ProcessContext<O> {
  /** This subtask's copy. Every subtask gets the same elements, and must make the same change for each. */
  readonly broadcast: BroadcastState<B>
}

/** Of a record of the other side. */
export interface ConnectedContext<B extends BroadcastDeclarations, O extends SideOutputs> extends ProcessContext<O> {
  readonly broadcast: ReadOnlyBroadcastState<B>
}

export interface KeyedConnectedContext<
  out K extends Key,
  S extends StateDeclarations,
  B extends BroadcastDeclarations,
  O extends SideOutputs,
> extends KeyedProcessContext<K, S, O> {
  readonly broadcast: ReadOnlyBroadcastState<B>
}

/** `R` is what `onRecord` gives, `Q` what `onBroadcast` gives: the stream carries both. */
export interface ConnectedProcess<in T, in U, B extends BroadcastDeclarations, O extends SideOutputs, out R, out Q, C>
  extends LifeCycle<C> {
  readonly sideOutputs?: O
  onRecord(value: T, context: ConnectedContext<B, O>, opened: C): Emitted<R>
  /** Called in every subtask: what it returns comes out once a subtask. */
  onBroadcast(value: U, context: BroadcastContext<B, O>, opened: C): Emitted<Q>
}

/** `P` is what `onTimer` gives. */
export interface KeyedConnectedProcess<
  K extends Key,
  in T,
  in U,
  S extends StateDeclarations,
  B extends BroadcastDeclarations,
  O extends SideOutputs,
  out R,
  out Q,
  out P,
  C,
> extends LifeCycle<C> {
  readonly state?: S
  readonly sideOutputs?: O
  onRecord(value: T, context: KeyedConnectedContext<K, S, B, O>, opened: C): Emitted<R>
  /** Called in every subtask: what it returns comes out once a subtask. It has no key, so no keyed state. */
  onBroadcast(value: U, context: BroadcastContext<B, O>, opened: C): Emitted<Q>
  /** As in a keyed `process`. */
  onTimer?(timer: FiredTimer, context: KeyedConnectedContext<K, S, B, O>, opened: C): Emitted<P>
}
