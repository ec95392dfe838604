import type { Key } from '../../state/key.js'
import type { TimeWindow, Window } from '../../window/time-window.js'
import type { Emitted, LifeCycle } from '../functions.js'
import type { SideEmitters, SideOutputs } from '../side-output.js'

/** What the function of an interval join knows besides the pair. Valid during the call, or while its result is iterated. */
export interface IntervalJoinContext<out K extends Key, O extends SideOutputs> {
  readonly key: K
  /** Of the result: the later one of both. */
  readonly timestamp: number
  readonly leftTimestamp: number
  readonly rightTimestamp: number
  readonly watermark: number
  readonly sideOutputs: SideEmitters<O>
}

export interface IntervalJoinObject<K extends Key, in T, in U, O extends SideOutputs, out R, C> extends LifeCycle<C> {
  readonly sideOutputs?: O
  process(left: T, right: U, context: IntervalJoinContext<K, O>, opened: C): Emitted<R>
}

/** Called once for each pair. What it returns or yields is what the join gives for it. */
export type IntervalJoinFunction<K extends Key, T, U, O extends SideOutputs, R, C> =
  | ((left: T, right: U, context: IntervalJoinContext<K, O>) => Emitted<R>)
  | IntervalJoinObject<K, T, U, O, R, C>

/** What the function of a temporal join knows besides record and version. Valid during the call, or while its result is iterated. */
export interface TemporalJoinContext<out K extends Key, O extends SideOutputs> {
  readonly key: K
  /** Of the record, and of the result. */
  readonly timestamp: number
  /** From when on the version holds; undefined when there is none. */
  readonly versionTimestamp: number | undefined
  readonly watermark: number
  readonly sideOutputs: SideEmitters<O>
}

export interface TemporalJoinObject<K extends Key, in T, in V, O extends SideOutputs, out R, C> extends LifeCycle<C> {
  readonly sideOutputs?: O
  process(record: T, version: V | undefined, context: TemporalJoinContext<K, O>, opened: C): Emitted<R>
}

/** Called once for each record, with the newest version at its time: undefined when the key had none yet. */
export type TemporalJoinFunction<K extends Key, T, V, O extends SideOutputs, R, C> =
  | ((record: T, version: V | undefined, context: TemporalJoinContext<K, O>) => Emitted<R>)
  | TemporalJoinObject<K, T, V, O, R, C>

/** What the function of a window join knows besides its records. Valid during the call, or while its result is iterated. */
export interface WindowJoinContext<out K extends Key, out W extends Window, O extends SideOutputs> {
  readonly key: K
  readonly window: W
  readonly watermark: number
  /** Wall clock when the window began to give its results, epoch milliseconds. */
  readonly processingTime: number
  readonly sideOutputs: SideEmitters<O>
  /**
   * Of a session: the other windows under which earlier results of these records went out, early or before late records
   * made it longer. This result has all that they had: a sink that writes by key and window deletes them. Else empty.
   */
  readonly replaces: readonly TimeWindow[]
}

export interface WindowJoinObject<K extends Key, in A, in B, W extends Window, O extends SideOutputs, out R, C>
  extends LifeCycle<C> {
  readonly sideOutputs?: O
  process(left: A, right: B, context: WindowJoinContext<K, W, O>, opened: C): Emitted<R>
}

/** Of a join `A` and `B` are a record of each side, of a co-group all of them. */
export type WindowJoinFunction<K extends Key, A, B, W extends Window, O extends SideOutputs, R, C> =
  | ((left: A, right: B, context: WindowJoinContext<K, W, O>) => Emitted<R>)
  | WindowJoinObject<K, A, B, W, O, R, C>
