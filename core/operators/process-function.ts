import type { StateDeclarations, StateHandles } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { OperatorStateDeclarations, OperatorStateHandles } from '../state/operator-list-state.js'
import type { Emitted, LifeCycle } from './functions.js'
import type { SideEmitters, SideOutputs } from './side-output.js'

/** What a process function knows besides its value. Valid during the call, or while its result is iterated. */
export interface ProcessContext<O extends SideOutputs> {
  /** Of the record or timer, epoch milliseconds; -Infinity when its source gave none. */
  readonly timestamp: number
  /** Event time so far. What this call does comes before it moves on. */
  readonly watermark: number
  /** Wall clock, epoch milliseconds. */
  readonly processingTime: number
  readonly sideOutputs: SideEmitters<O>
}

export interface OperatorStateContext<O extends SideOutputs, L extends OperatorStateDeclarations>
  extends ProcessContext<O> {
  /** State of this subtask, by the names declared. */
  readonly operatorState: OperatorStateHandles<L>
}

export interface ProcessObject<in T, O extends SideOutputs, out R, C, L extends OperatorStateDeclarations>
  extends LifeCycle<C> {
  readonly operatorState?: L
  readonly sideOutputs?: O
  process(value: T, context: OperatorStateContext<O, L>, opened: C): Emitted<R>
}

/** Timers of the current key, deduplicated by time. They are part of checkpoints. */
export interface KeyTimers {
  /** Fires when the watermark reaches `timestamp` (epoch milliseconds), at the latest at the end of the input. */
  registerEventTime(timestamp: number): void
  deleteEventTime(timestamp: number): void
  /** Fires at or after `timestamp` by the wall clock; not at all when the input ends first. */
  registerProcessingTime(timestamp: number): void
  deleteProcessingTime(timestamp: number): void
}

export interface KeyedProcessContext<out K extends Key, S extends StateDeclarations, O extends SideOutputs>
  extends ProcessContext<O> {
  readonly key: K
  /** State of this key, by the names declared. What a read gives is valid until the call returns. */
  readonly state: StateHandles<S>
  readonly timers: KeyTimers
}

export interface FiredTimer {
  readonly time: 'event' | 'processing'
  /** For when it was registered, epoch milliseconds. */
  readonly timestamp: number
}

/** What a function of keyed records has besides itself. */
export interface KeyedHooks<K extends Key, S extends StateDeclarations, O extends SideOutputs, out Q, C>
  extends LifeCycle<C> {
  readonly state?: S
  readonly sideOutputs?: O
  /** Rows of an event-time timer have its timestamp, rows of a processing-time timer have none. */
  onTimer?(timer: FiredTimer, context: KeyedProcessContext<K, S, O>, opened: C): Emitted<Q>
}

/** `R` is what `process` gives, `Q` what `onTimer` gives: the stream carries both. */
export interface KeyedProcess<K extends Key, in T, S extends StateDeclarations, O extends SideOutputs, out R, out Q, C>
  extends KeyedHooks<K, S, O, Q, C> {
  process(value: T, context: KeyedProcessContext<K, S, O>, opened: C): Emitted<R>
}

/**
 * Two streams of one key type, with the state and timers of the key in common. `R` is what `onLeft` gives, `Q` what
 * `onRight` gives, `P` what `onTimer` gives: the stream carries them all.
 */
export interface KeyedCoProcess<
  K extends Key,
  in T,
  in U,
  S extends StateDeclarations,
  O extends SideOutputs,
  out R,
  out Q,
  out P,
  C,
> extends KeyedHooks<K, S, O, P, C> {
  /** A record of the stream that `connect` was called on. */
  onLeft(value: T, context: KeyedProcessContext<K, S, O>, opened: C): Emitted<R>
  /** A record of the stream that was given to `connect`. */
  onRight(value: U, context: KeyedProcessContext<K, S, O>, opened: C): Emitted<Q>
}

export type ProcessFunction<T, O extends SideOutputs, R, C, L extends OperatorStateDeclarations> =
  | ((value: T, context: ProcessContext<O>) => Emitted<R>)
  | ProcessObject<T, O, R, C, L>
