import type { CompileError } from '../compile-error.js'
import type { Duration } from '../duration.js'
import type { PlainRows } from '../no-promise.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { AnyAggregate, PlainAggregates, Results } from '../window/aggregates/index.js'
import type { Evictor, TimeWindow, Trigger, Window } from '../window/index.js'
import type { None, ProcessOptions, SideStreams, Stream } from './stream.js'
import type { SummaryFunction, WindowFunction } from './window-function.js'

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
    } & PlainAggregates<As>,
    options?: WindowRowOptions<S>,
  ): WindowResults<AggregateRow<K, W, As, S>, T>

  /**
   * A function of the results of aggregates: the records are not kept, and the function knows key and window, and may have
   * state and side outputs.
   * @example
   * windows.aggregate('rising', { trips: count() }, {
   *   keyState: { before: valueState<number>() },
   *   process({ trips }, ctx) {
   *     const before = ctx.keyState.before.value() ?? 0
   *     ctx.keyState.before.update(trips)
   *     return trips > before ? [{ cell: ctx.key, from: before, to: trips }] : []
   *   },
   * })
   */
  aggregate<
    As extends Readonly<Record<string, AnyAggregate<T>>>,
    R = never,
    O extends SideOutputs = None,
    C = undefined,
    G extends StateDeclarations = None,
    S extends StateDeclarations = None,
  >(
    id: string,
    aggregates: As & PlainAggregates<As>,
    fn: SummaryFunction<K, Results<As>, W, O, R, C, G, S> & PlainRows<R>,
    options?: ProcessOptions,
  ): WindowResults<R, T> & SideStreams<O>

  /** One value out of all, without keeping them. `fn` returns a new value and changes neither. */
  reduce<const S extends boolean = false>(
    id: string,
    fn: (left: T, right: T) => T,
    options?: WindowRowOptions<S>,
  ): WindowResults<ReducedRow<K, W, T, S>, T>

  /** A function of all values of a window, which are kept until it is over. Prefer `aggregate` where it can say it. */
  process<
    R = never,
    O extends SideOutputs = None,
    C = undefined,
    G extends StateDeclarations = None,
    S extends StateDeclarations = None,
  >(
    id: string,
    fn: WindowFunction<K, T, W, O, R, C, G, S> & PlainRows<R>,
    options?: ProcessOptions,
  ): WindowResults<R, T> & SideStreams<O>
}

export interface WindowRowOptions<S extends boolean = boolean> extends ProcessOptions {
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
