import type { Duration } from '../duration.js'
import type { IntervalJoinFunction } from '../operators/join/join-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import type { None, SideStreams, StepOptions, Stream } from './stream.js'

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
    fn: IntervalJoinFunction<K, T, U, O, R, C>,
    options?: StepOptions,
  ): JoinResults<R, T, U> & SideStreams<O>
}
