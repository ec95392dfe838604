import type { CompileError } from '../compile-error.js'
import type { DeadLetter } from '../connector.js'
import type { PlainRows } from '../no-promise.js'
import type { KeyedProcess } from '../operators/process-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { Window, WindowAssigner } from '../window/index.js'
import type { BroadcastStream, ConnectedKeyedStreams, KeyedConnectedStream } from './connected-streams.js'
import type { IntervalBounds, IntervalJoinedStreams, JoinedStreams, TemporalJoinedStreams } from './join-streams.js'
import type { None, ProcessOptions, SideStreams, Stream } from './stream.js'
import type { WindowedStream } from './windowed-stream.js'

/** Records of type `T` by their key of type `K`. */
export interface KeyedStream<out K extends Key, out T> {
  /**
   * A function with state, timers and side outputs, each of the record's key.
   * @param id unique in the job: its state is found by it in savepoints.
   * @example
   * readings.keyBy((reading) => reading.sensor).process('silence', {
   *   state: { last: valueState<number>() },
   *   process(reading, ctx) {
   *     ctx.state.last.update(ctx.timestamp)
   *     ctx.timers.registerEventTime(ctx.timestamp + 60_000)
   *   },
   *   *onTimer(timer, ctx) {
   *     if (ctx.state.last.value() === timer.timestamp - 60_000) yield { sensor: ctx.key, since: timer.timestamp }
   *   },
   * })
   */
  process<R = never, Q = never, S extends StateDeclarations = None, O extends SideOutputs = None, C = undefined>(
    id: string,
    definition: KeyedProcess<K, T, S, O, R, Q, C> & PlainRows<R | Q>,
    options?: ProcessOptions,
  ): Stream<R | Q> & SideStreams<O>

  /**
   * With a broadcast stream, which every subtask gets, or with another stream of the same key.
   * @example
   * events.keyBy((e) => e.user).connect(rules.broadcast({ rules: mapState<string, Rule>() })).process(...)
   * starts.keyBy((s) => s.ride).connect(ends.keyBy((e) => e.ride)).process(...)
   */
  connect<U, B extends BroadcastDeclarations>(broadcast: BroadcastStream<U, B>): KeyedConnectedStream<K, T, U, B>
  connect<U>(right: KeyedStream<K, U>): ConnectedKeyedStreams<K, T, U>

  /**
   * Pairs a record with those of the other stream whose time lies within bounds of its own.
   * @example clicks.intervalJoin(views, { lower: { before: minutes(5) }, upper: minutes(0) }).process('seen', ...)
   */
  intervalJoin<U>(right: KeyedStream<K, U>, bounds: IntervalBounds): IntervalJoinedStreams<K, T, U>

  /**
   * Every record of a window with every one of the other stream in it. A key that only one side has gives nothing.
   * @example orders.join(payments).window(tumbling(hours(1))).process('paid', (order, payment) => [...])
   */
  join<U>(right: KeyedStream<K, U>): JoinedStreams<K, T, U, T, U>

  /**
   * All records of a window, of both streams, in one call: for outer joins, and whatever compares two lists.
   * @example orders.coGroup(payments).window(tumbling(hours(1))).process('open', (orders, payments) => [...])
   */
  coGroup<U>(right: KeyedStream<K, U>): JoinedStreams<K, readonly T[], readonly U[], T, U>

  /**
   * Gives each record the newest version at its own event time of a stream that changes slowly: rates, prices, addresses.
   * @example orders.keyBy((o) => o.currency).temporalJoin(rates.keyBy((r) => r.currency)).process('in-euros', ...)
   */
  temporalJoin<V>(versions: KeyedStream<K, V>): TemporalJoinedStreams<K, T, V>

  /**
   * The running reduction of each key: one record out for every record in. `fn` returns a new value and changes neither.
   * @example trips.keyBy((trip) => trip.cell).reduce('longest', (a, b) => (a.minutes >= b.minutes ? a : b))
   */
  reduce(id: string, fn: (left: T, right: T) => T, options?: ProcessOptions): Stream<T>

  /** @example trips.keyBy((trip) => trip.cell).window(tumbling(hours(1))) */
  window<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<K, T, W>

  /**
   * What has no key that could be had, where the `onError` of `keyBy` is `deadLetter`; on any other stream an error.
   * @example events.keyBy((event) => event.user.id, { onError: 'deadLetter' }).failed.to('without-user', sink)
   */
  readonly failed: Stream<DeadLetter>

  /**
   * Applies a function that takes a keyed stream: how steps are shared between jobs, and how those of
   * `tidemark/patterns` are used.
   * @example orders.keyBy((order) => order.id).pipe(deduplicate('unique', { within: hours(24) }))
   */
  pipe<R>(step: (stream: KeyedStream<K, T>) => R): R

  /** @deprecated What a service gives has no key: call `mapAsync` before `keyBy`. */
  mapAsync(
    id: CompileError<'What mapAsync gives has no key. Write stream.mapAsync(...).keyBy((value) => ...).'>,
    ...rest: readonly never[]
  ): never
}
