import type { Key } from '../../state/key.js'
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
