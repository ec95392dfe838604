import type { Duration } from '../duration.js'
import type { PlainRows } from '../no-promise.js'
import type { IntervalJoinFunction, TemporalJoinFunction, WindowJoinFunction } from '../operators/join/join-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import type { Trigger, Window, WindowAssigner } from '../window/index.js'
import type { None, ProcessOptions, SideStreams, Stream } from './stream.js'

/** A time as seen from the left record: so much after it, or `{ before: minutes(5) }`, so much before it. */
export type IntervalBound = Duration | { readonly before: Duration }

/** Which right records meet a left one: those from `lower` to `upper`, both included unless they say otherwise. */
export interface IntervalBounds {
  readonly lower: IntervalBound
  readonly upper: IntervalBound
  /** Default false. */
  readonly lowerExclusive?: boolean
  /** Default false. */
  readonly upperExclusive?: boolean
}

/** Results of a join of `T` and `U`. */
export interface JoinResults<out R, out T, out U> extends Stream<R> {
  /** Records of the left side that came too late. They are counted, read or not. */
  readonly lateLeft: Stream<T>
  /** Records of the right side that came too late. They are counted, read or not. */
  readonly lateRight: Stream<U>
}

/** Pairs of one key that lie near each other in event time. */
export interface IntervalJoinedStreams<out K extends Key, out T, out U> {
  /**
   * Calls `fn` once for each pair, when the second of them comes. What it returns or yields has the later timestamp of both.
   * @param id unique in the job: what waits for a partner is found by it in savepoints.
   * @example
   * orders.intervalJoin(payments, { lower: minutes(0), upper: hours(1) }).process('paid', (order, payment) => [
   *   { order: order.id, after: payment.at - order.at },
   * ])
   */
  process<R = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    fn: IntervalJoinFunction<K, T, U, O, R, C> & PlainRows<R>,
    options?: ProcessOptions,
  ): JoinResults<R, T, U> & SideStreams<O>
}

/** Two streams by one key, of `T` and of `U`. Of a join `A` and `B` are these, of a co-group lists of them. */
export interface JoinedStreams<out K extends Key, A, B, T, U> {
  /** @example orders.join(payments).window(tumbling(hours(1))) */
  window<W extends Window>(assigner: WindowAssigner<T | U, W>): WindowedJoin<K, A, B, T, U, W>
}

/** Records of both sides, of one key, that share a window. */
export interface WindowedJoin<out K extends Key, A, B, T, U, W extends Window> {
  /** When a window gives its result. Default: when its time is over; a global window's never. */
  trigger(trigger: Trigger<T | U, W>): WindowedJoin<K, A, B, T, U, W>

  /**
   * How long after its end a window is kept for late records: each fires it again with everything. Default 0. What is
   * later goes to `.lateLeft` or `.lateRight`.
   */
  allowedLateness(lateness: Duration): WindowedJoin<K, A, B, T, U, W>

  /**
   * Called for each pair (`join`), or once with all of both sides, of which one may be empty (`coGroup`). What it returns or
   * yields has the last millisecond of the window as its timestamp.
   * @param id unique in the job: the windows are found by it in savepoints.
   */
  process<R = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    fn: WindowJoinFunction<K, A, B, W, O, R, C> & PlainRows<R>,
    options?: ProcessOptions,
  ): JoinResults<R, T, U> & SideStreams<O>
}

/** Records of `T` by the key of the versions of `V` that hold for it, each from its timestamp on. */
export interface TemporalJoinedStreams<out K extends Key, out T, out V> {
  /**
   * Calls `fn` once for each record, with the newest version at its event time, when the watermark has reached that.
   * What it returns or yields has the record's timestamp.
   * @param id unique in the job: versions, and records that wait, are found by it in savepoints.
   * @example
   * orders.temporalJoin(rates).process('in-euros', (order, rate) => [{ ...order, euros: order.amount * (rate?.euros ?? 0) }])
   */
  process<R = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    fn: TemporalJoinFunction<K, T, V, O, R, C> & PlainRows<R>,
    options?: ProcessOptions,
  ): JoinResults<R, T, V> & SideStreams<O>
}
