import type { DeadLetter, Sink } from '../connector.js'
import type { Duration } from '../duration.js'
import type { AsyncFunction, AsyncOptions } from '../operators/async/async-function.js'
import type { ConnectedProcess, KeyedConnectedProcess } from '../operators/connected-function.js'
import type { FilterFunction, FlatMapFunction, MapFunction } from '../operators/functions.js'
import type { KeyedCoProcess, KeyedProcess, ProcessFunction } from '../operators/process-function.js'
import type { SideOutput, SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { OperatorStateDeclarations } from '../state/operator-list-state.js'
import type { AnyAggregate, Results } from '../window/aggregates/index.js'
import type { Trigger, Window, WindowAssigner } from '../window/index.js'
import type { CompileError } from './compile-error.js'
import type { IntervalBounds, IntervalJoinedStreams, JoinedStreams, TemporalJoinedStreams } from './join-streams.js'
import type { WindowFunction } from './window-function.js'

/*
 * What a job is written with. The three kinds of stream refer to each other, so they stand together. All of them only
 * describe: calling a method adds a step to the job's graph and returns what comes out of it.
 */

export interface StepOptions {
  /** How many subtasks run the step. Default: the job's parallelism. */
  readonly parallelism?: number
}

/** Of a step without state, which has no id. */
export interface StatelessOptions {
  /** For people: shown by `explain` and the UI. */
  readonly name?: string
  /** Default: that of the step it reads. */
  readonly parallelism?: number
}

/** `{}` that has no members at all, for steps that declare no state or no side outputs. */
export type None = Record<never, never>

export type SideStreams<O extends SideOutputs> = {
  readonly [Name in keyof O]: O[Name] extends SideOutput<infer T> ? Stream<T> : never
}

/** Records of type `T` that flow without a key. */
export interface Stream<out T> {
  /** @example events.map((event) => ({ ...event, cell: geohash(event.at, 7) })) */
  map<R, C = undefined>(fn: MapFunction<T, R, C>, options?: StatelessOptions): Stream<R>

  /**
   * Keeps the records for which the predicate holds. A test that narrows narrows the stream.
   * @example events.filter((event) => event.type === 'trip')
   */
  filter<N extends T>(predicate: (value: T) => value is N, options?: StatelessOptions): Stream<N>
  filter<C = undefined>(predicate: FilterFunction<T, C>, options?: StatelessOptions): Stream<T>

  /**
   * Any number of records for each. The result is iterated as there is room: a generator may yield without end.
   * @example lines.flatMap((line) => line.split(' '))
   */
  flatMap<R, C = undefined>(fn: FlatMapFunction<T, R, C>, options?: StatelessOptions): Stream<R>

  /**
   * What a service says to each record: the function returns a promise, and many are waited for at a time. Each record
   * has one result, with its timestamp. Records without a result are part of checkpoints and are called for again after
   * a restore: the service may see one twice.
   * @param id unique in the job: the records that wait are found by it in savepoints.
   * @example
   * orders.mapAsync('customer', async (order, { signal }) => {
   *   const reply = await fetch(`http://customers/${order.customer}`, { signal })
   *   return { ...order, customer: (await reply.json()) as Customer }
   * }, { capacity: 50, timeout: seconds(10), retry: { attempts: 3 } })
   */
  mapAsync<R, C = undefined, F = never>(
    id: string,
    fn: AsyncFunction<T, R, C>,
    options?: AsyncOptions<T, F> & StepOptions,
  ): Stream<R | F>

  /** All records of these streams, in no order between them. Costs nothing. */
  union<Us extends readonly unknown[]>(
    ...others: { readonly [Index in keyof Us]: Stream<Us[Index]> }
  ): Stream<T | Us[number]>

  /**
   * Records with one key meet in one subtask, and share state, timers and windows.
   * @example trips.keyBy((trip) => [trip.cell, trip.airport])
   */
  keyBy<
    const K extends
      | Key
      | CompileError<'A key is a string, number, bigint or boolean, or a flat tuple of those. Return such a field of the value.'>,
  >(selector: (value: T) => K): KeyedStream<Extract<K, Key>, T>

  /**
   * A function that sees timestamp and watermark, may write to side outputs, and may have state of its subtask
   * (`operatorState`). Timers and state of a key need a key.
   * @param id unique in the job; metrics and errors name it.
   * @example
   * const checked = readings.process('check', {
   *   sideOutputs: { broken: sideOutput<Reading>() },
   *   process(reading, ctx) {
   *     if (reading.value >= 0) return [reading]
   *     ctx.sideOutputs.broken.emit(reading)
   *   },
   * })
   * checked.broken.to('broken', sink)
   */
  process<R = never, O extends SideOutputs = None, C = undefined, L extends OperatorStateDeclarations = None>(
    id: string,
    fn: ProcessFunction<T, O, R, C, L>,
    options?: StepOptions,
  ): Stream<R> & SideStreams<O>

  /**
   * For a stream of few elements that many records have to know (rules, rates, a configuration): every subtask of the
   * step that it is connected to gets all of them, and keeps what it declares here.
   * @example rules.broadcast({ rules: mapState<string, Rule>() })
   */
  broadcast<B extends BroadcastDeclarations>(state: B): BroadcastStream<T, B>

  /** @example events.connect(rules.broadcast({ rules: mapState<string, Rule>() })).process('apply', { ... }) */
  connect<U, B extends BroadcastDeclarations>(broadcast: BroadcastStream<U, B>): ConnectedStream<T, U, B>

  /**
   * Ends the stream.
   * @param id unique in the job: what the sink has open is found by it in checkpoints.
   */
  to(id: string, sink: Sink<T>, options?: StepOptions): void

  /** Applies a function that takes a stream: how steps are shared between jobs. */
  pipe<R>(step: (stream: Stream<T>) => R): R

  /** @deprecated A window needs a key: call `keyBy` first. */
  window(
    assigner: CompileError<'A window needs a keyed stream. Write stream.keyBy((value) => ...).window(...), with a constant key for one window over everything.'>,
  ): never
}

export interface SourceStream<out T> extends Stream<T> {
  /** What the source could not decode, when its policy is `deadLetter`. */
  readonly malformed: Stream<DeadLetter>
}

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
    definition: KeyedProcess<K, T, S, O, R, Q, C>,
    options?: StepOptions,
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
  reduce(id: string, fn: (left: T, right: T) => T, options?: StepOptions): Stream<T>

  /** @example trips.keyBy((trip) => trip.cell).window(tumbling(hours(1))) */
  window<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<K, T, W>

  /** @deprecated What a service gives has no key: call `mapAsync` before `keyBy`. */
  mapAsync(
    id: CompileError<'What mapAsync gives has no key. Write stream.mapAsync(...).keyBy((value) => ...).'>,
    ...rest: readonly never[]
  ): never
}

/** Elements of type `U` that go to every subtask, and the state `B` that each keeps of them. */
export interface BroadcastStream<out U, B extends BroadcastDeclarations> {
  readonly state: B
  /** Never there: it carries the type. */
  readonly elementOf?: () => U
}

/** Records of type `T`, and elements of type `U` that every subtask gets. The watermark is the smaller one of both. */
export interface ConnectedStream<out T, out U, B extends BroadcastDeclarations> {
  /**
   * @param id unique in the job: the broadcast state is found by it in savepoints.
   * @example
   * events.connect(rules.broadcast({ rules: mapState<string, Rule>() })).process('apply', {
   *   onRecord: (event, ctx) => (ctx.broadcast.rules.has(event.kind) ? [event] : []),
   *   onBroadcast: (rule, ctx) => ctx.broadcast.rules.put(rule.kind, rule),
   * })
   */
  process<R = never, Q = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    definition: ConnectedProcess<T, U, B, O, R, Q, C>,
    options?: StepOptions,
  ): Stream<R | Q> & SideStreams<O>
}

/** The same with the records by their key: they have state and timers too. */
export interface KeyedConnectedStream<out K extends Key, out T, out U, B extends BroadcastDeclarations> {
  /** @param id unique in the job: keyed and broadcast state are found by it in savepoints. */
  process<
    R = never,
    Q = never,
    P = never,
    S extends StateDeclarations = None,
    O extends SideOutputs = None,
    C = undefined,
  >(
    id: string,
    definition: KeyedConnectedProcess<K, T, U, S, B, O, R, Q, P, C>,
    options?: StepOptions,
  ): Stream<R | Q | P> & SideStreams<O>
}

/** Records of two streams by one key: they share its state and timers. The watermark is the smaller one of both. */
export interface ConnectedKeyedStreams<out K extends Key, out T, out U> {
  /**
   * @param id unique in the job: the state is found by it in savepoints.
   * @example
   * starts.keyBy((s) => s.ride).connect(ends.keyBy((e) => e.ride)).process('minutes', {
   *   state: { begun: valueState<number>() },
   *   onLeft: (start, ctx) => ctx.state.begun.update(start.at),
   *   onRight: (end, ctx) => [{ ride: ctx.key, minutes: (end.at - (ctx.state.begun.value() ?? end.at)) / 60_000 }],
   * })
   */
  process<
    R = never,
    Q = never,
    P = never,
    S extends StateDeclarations = None,
    O extends SideOutputs = None,
    C = undefined,
  >(
    id: string,
    definition: KeyedCoProcess<K, T, U, S, O, R, Q, P, C>,
    options?: StepOptions,
  ): Stream<R | Q | P> & SideStreams<O>
}

/** Records of one key that share a window. */
export interface WindowedStream<out K extends Key, out T, W extends Window> {
  /** When a window gives its result. Default: when its time is over; a global window's never. */
  trigger(trigger: Trigger<T, W>): WindowedStream<K, T, W>

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
  aggregate<As extends Readonly<Record<string, AnyAggregate<T>>>>(
    id: string,
    aggregates: As & {
      readonly key?: CompileError<"The row has the window's key under this name. Call the aggregate something else.">
      readonly window?: CompileError<'The row has the window under this name. Call the aggregate something else.'>
    },
    options?: StepOptions,
  ): WindowResults<AggregateRow<K, W, As>, T>

  /** One value out of all, without keeping them. `fn` returns a new value and changes neither. */
  reduce(
    id: string,
    fn: (left: T, right: T) => T,
    options?: StepOptions,
  ): WindowResults<{ readonly key: K; readonly window: W; readonly value: T }, T>

  /** A function of all values of a window, which are kept until it fires. Prefer `aggregate` where it can say it. */
  process<R = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    fn: WindowFunction<K, T, W, O, R, C>,
    options?: StepOptions,
  ): WindowResults<R, T> & SideStreams<O>
}

/** Simplified, so that a tooltip shows the row's fields. */
export type AggregateRow<K extends Key, W extends Window, As> = {
  readonly [Field in keyof As | 'key' | 'window']: Field extends 'key'
    ? K
    : Field extends 'window'
      ? W
      : Field extends keyof As
        ? Results<As>[Field]
        : never
}

/** Results of windows; their timestamp is the last millisecond of the window. */
export interface WindowResults<out R, out T> extends Stream<R> {
  /** Records that came too late for every window they belong to. They are counted, read or not. */
  readonly late: Stream<T>
}
