import type { Emitted, LifeCycle } from '../operators/functions.js'
import type { SideEmitters, SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import type { TimeWindow, Window } from '../window/index.js'

/** What a window's function knows besides the values. Valid during the call, or while its result is iterated. */
export interface WindowProcessContext<out K extends Key, out W extends Window, O extends SideOutputs> {
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
}

export interface WindowObject<K extends Key, in T, W extends Window, O extends SideOutputs, out R, C>
  extends LifeCycle<C> {
  readonly sideOutputs?: O
  process(values: readonly T[], context: WindowProcessContext<K, W, O>, opened: C): Emitted<R>
}

export type WindowFunction<K extends Key, T, W extends Window, O extends SideOutputs, R, C> =
  | ((values: readonly T[], context: WindowProcessContext<K, W, O>) => Emitted<R>)
  | WindowObject<K, T, W, O, R, C>

/** A function of what a window keeps, whatever that is. */
export type ContentsFunction<K extends Key, Values, W extends Window, O extends SideOutputs, R, C> =
  | ((values: Values, context: WindowProcessContext<K, W, O>) => Emitted<R>)
  | (LifeCycle<C> & {
      process(values: Values, context: WindowProcessContext<K, W, O>, opened: C): Emitted<R>
    })
