import type { Duration } from '../duration.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import type { AnyAggregate, Results } from '../window/aggregates/index.js'
import type { Evictor, TimeWindow, Trigger, Window } from '../window/index.js'
import type { CompileError } from './compile-error.js'
import type { None, SideStreams, StepOptions, Stream } from './stream.js'
import type { WindowFunction } from './window-function.js'

/** Records of one key that share a window. */
export interface WindowedStream<out K extends Key, out T, W extends Window> {
  /** When a window gives its result. Default: when its time is over; a global window's never. */
  trigger(trigger: Trigger<T, W>): WindowedStream<K, T, W>

  /**
   * Which of its records a window keeps when it fires. All records are then kept, for an aggregate too, and each firing
   * makes its result anew.
   */
  evict(evictor: Evictor<T, W>): WindowedStream<K, T, W>

  /**
   * How long after its end a window is kept for late records: each fires it again with everything. Default 0. What is
   * later goes to `.late`.
   */
  allowedLateness(lateness: Duration): WindowedStream<K, T, W>

  /**
   * A row with key, window, and the result of each aggregate under its name.
   * @example
   * windows.aggregate('pickups-per-cell', { pickups: count(), meanFare: mean((trip) => trip.fare) })
   */
  aggregate<As extends Readonly<Record<string, AnyAggregate<T>>>, const S extends boolean = false>(
    id: string,
    aggregates: As & {
      readonly key?: CompileError<"The row has the window's key under this name. Call the aggregate something else.">
      readonly window?: CompileError<'The row has the window under this name. Call the aggregate something else.'>
    },
    options?: WindowRowOptions<S>,
  ): WindowResults<AggregateRow<K, W, As, S>, T>

  /** One value out of all, without keeping them. `fn` returns a new value and changes neither. */
  reduce<const S extends boolean = false>(
    id: string,
    fn: (left: T, right: T) => T,
    options?: WindowRowOptions<S>,
  ): WindowResults<ReducedRow<K, W, T, S>, T>

  /** A function of all values of a window, which are kept until it fires. Prefer `aggregate` where it can say it. */
  process<R = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    fn: WindowFunction<K, T, W, O, R, C>,
    options?: StepOptions,
  ): WindowResults<R, T> & SideStreams<O>
}

export interface WindowRowOptions<S extends boolean = boolean> extends StepOptions {
  /**
   * Rows also say, as `replaces`, under which other windows earlier rows of the same records went out: those of a session
   * that has fired and then became longer. A sink that writes by key and window deletes them. Default false.
   */
  readonly replaces?: S
}

/** Simplified, so that a tooltip shows the row's fields. */
export type AggregateRow<K extends Key, W extends Window, As, S extends boolean = false> = {
  readonly [Field in keyof As | 'key' | 'window' | ReplacesField<S>]: Field extends 'key'
    ? K
    : Field extends 'window'
      ? W
      : Field extends keyof As
        ? Results<As>[Field]
        : readonly TimeWindow[]
}

export type ReducedRow<K extends Key, W extends Window, T, S extends boolean = false> = {
  readonly [Field in 'key' | 'window' | 'value' | ReplacesField<S>]: Field extends 'key'
    ? K
    : Field extends 'window'
      ? W
      : Field extends 'value'
        ? T
        : readonly TimeWindow[]
}

type ReplacesField<S extends boolean> = S extends true ? 'replaces' : never

/** Results of windows; their timestamp is the last millisecond of the window. */
export interface WindowResults<out R, out T> extends Stream<R> {
  /** Records that came too late for every window they belong to. They are counted, read or not. */
  readonly late: Stream<T>
}
