import type { CompileError } from '../compile-error.js'
import type { DeadLetter, Sink } from '../connector.js'
import type { Chaining } from '../graph/node.js'
import type { NoPromise, PlainRows } from '../no-promise.js'
import type { AsyncFunction, AsyncOptions } from '../operators/async/async-function.js'
import type { FilterFunction, FlatMapFunction, MapFunction } from '../operators/functions.js'
import type { OnError } from '../operators/guard/error-policy.js'
import type { ProcessFunction } from '../operators/process-function.js'
import type { SideOutput, SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { Key } from '../state/key.js'
import type { OperatorStateDeclarations } from '../state/operator-list-state.js'
import type { Window, WindowAssigner } from '../window/index.js'
import type { BroadcastStream, ConnectedStream } from './connected-streams.js'
import type { KeyedStream } from './keyed-stream.js'
import type { Branches, SplitStreams, TakenBranches } from './split.js'
import type { WindowedStream } from './windowed-stream.js'

/*
 * What a job is written with: streams here, those with a key in keyed-stream.ts, two that meet in connected-streams.ts
 * and join-streams.ts, windows in windowed-stream.ts. All of them only describe: calling a method adds a step to the
 * job's graph and returns what comes out of it.
 */

export interface StepOptions {
  /** How many subtasks run the step. Default: the job's parallelism. */
  readonly parallelism?: number
  /**
   * Steps that hand their records on one to one run as one task. `new`: a task begins with this step. `never`: this step
   * is a task of its own. What comes out is the same; it costs an exchange.
   */
  readonly chaining?: Chaining
}

/** Of a step whose function may fail at a record. */
export interface ProcessOptions extends StepOptions {
  /** Default `fail`. See docs/error-policy.md. */
  readonly onError?: OnError
}

/** Of a step without state, which has no id. */
export interface StatelessOptions {
  /** For people: shown by `explain` and the UI. */
  readonly name?: string
  /** Default: that of the step it reads. */
  readonly parallelism?: number
  /** See `StepOptions`. */
  readonly chaining?: Chaining
  /** Default `fail`. See docs/error-policy.md. */
  readonly onError?: OnError
}

export interface KeyByOptions {
  /** What becomes of a record whose key cannot be had. Default `fail`. See docs/error-policy.md. */
  readonly onError?: OnError
}

/** `{}` that has no members at all, for steps that declare no state or no side outputs. */
export type None = Record<never, never>

export type SideStreams<O extends SideOutputs> = {
  readonly [Name in keyof O]: O[Name] extends SideOutput<infer T> ? Stream<T> : never
}

type PlainValue<R> = NoPromise<R, 'map does not wait for a promise. Write stream.mapAsync(id, async (value) => ...).'>
type PlainKey<P> = NoPromise<
  P,
  'What partitionBy goes by is a value, not a promise. Wait in stream.mapAsync(id, async (value) => ...) before it.'
>
type NeedsKeys<Join extends string> =
  CompileError<`A join needs two keyed streams. Write left.keyBy((value) => ...).${Join}(right.keyBy((value) => ...)).`>

/** Records of type `T` that flow without a key. */
export interface Stream<out T> {
  /** @example events.map((event) => ({ ...event, cell: geohash(event.at, 7) })) */
  map<R>(fn: (value: T) => R & PlainValue<R>, options?: StatelessOptions): Stream<R>
  map<R, C = undefined>(fn: MapFunction<T, R, C> & PlainValue<R>, options?: StatelessOptions): Stream<R>

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
  flatMap<R>(fn: (value: T) => Iterable<R> & PlainRows<R>, options?: StatelessOptions): Stream<R>
  flatMap<R, C = undefined>(fn: FlatMapFunction<T, R, C> & PlainRows<R>, options?: StatelessOptions): Stream<R>

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

  /**
   * Each record goes to the first branch, in the order written, whose predicate holds, and to `rest` where none does. A
   * test that narrows narrows its branch, and what `rest` may have.
   * @example
   * const { trips, markers, rest } = events.split({
   *   trips: (event) => event.type === 'trip',
   *   markers: (event) => event.type === 'marker',
   * })
   */
  split<B extends Branches<T>>(branches: B & TakenBranches, options?: StatelessOptions): SplitStreams<T, B>

  /** All records of these streams, in no order between them. Costs nothing. */
  union<Us extends readonly unknown[]>(
    ...others: { readonly [Index in keyof Us]: Stream<Us[Index]> }
  ): Stream<T | Us[number]>

  /**
   * Records go in turn to all subtasks of the step that reads this: work is spread evenly, whatever the source's splits
   * are. Records of one sender to one receiver keep their order.
   * @example events.rebalance().map(expensive)
   */
  rebalance(): Stream<T>

  /**
   * As `rebalance`, but each subtask sends to its own few neighbours only: with 2 subtasks before and 6 behind to three of
   * them. It evens out less, and needs fewer channels.
   */
  rescale(): Stream<T>

  /** Every subtask of the step that reads this gets every record. For state of a few elements take `broadcast(state)`. */
  replicate(): Stream<T>

  /**
   * Records stay with the subtask of their number. It is what happens anyhow between steps of one parallelism; this makes
   * it an error to have two.
   */
  forward(): Stream<T>

  /**
   * Records go to the subtask that a function gives for their key. There is no state by key behind it: that needs `keyBy`.
   * @param partition the index of a subtask, from 0 to `subtasks` - 1; the same for the same key, at whatever number.
   * @example events.partitionBy((event) => event.tenant, (tenant, subtasks) => tenant % subtasks)
   */
  partitionBy<P>(key: (value: T) => P & PlainKey<P>, partition: (key: P, subtasks: number) => number): Stream<T>

  /**
   * Records with one key meet in one subtask, and share state, timers and windows.
   * @example trips.keyBy((trip) => [trip.cell, trip.airport])
   */
  keyBy<
    const K extends
      | Key
      | CompileError<'A key is a string, number, bigint or boolean, or a flat tuple of those. Return such a field of the value.'>,
  >(selector: (value: T) => K, options?: KeyByOptions): KeyedStream<Extract<K, Key>, T>

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
    fn: ProcessFunction<T, O, R, C, L> & PlainRows<R>,
    options?: ProcessOptions,
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

  /**
   * What the step before could not process, where its `onError` is `deadLetter`; on any other stream an error. Its dead
   * letters are counted, read or not.
   * @example events.map(parse, { onError: 'deadLetter' }).failed.to('dead', fileSink({ path: 'dead', format: deadLetterLines() }))
   */
  readonly failed: Stream<DeadLetter>

  /** Applies a function that takes a stream: how steps are shared between jobs. */
  pipe<R>(step: (stream: Stream<T>) => R): R

  /** @deprecated A stream cannot feed itself: see docs/streams.md for what to do instead. */
  iterate(
    step: CompileError<'A stream cannot feed itself: barriers and watermarks would run in a circle. Loop inside one function, keep what comes back in keyed state with a timer, or send it through a topic that a source reads.'>,
  ): never

  /**
   * Windows over all records of the stream, whatever their key: they run in one subtask, however many the job has, so
   * aggregate by key before where there is much. Rows have the key `all`.
   * @example trips.windowAll(tumbling(hours(1))).aggregate('trips-an-hour', { trips: count() })
   */
  windowAll<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<'all', T, W>

  /** @deprecated A window needs a key: call `keyBy` first, or `windowAll` for windows over all records. */
  window(
    assigner: CompileError<'A window needs a keyed stream. Write stream.keyBy((value) => ...).window(...), or stream.windowAll(...) for one window over all records.'>,
  ): never

  /** @deprecated A join needs keys: call `keyBy` on both streams first. */
  join(right: NeedsKeys<'join'>): never

  /** @deprecated A join needs keys: call `keyBy` on both streams first. */
  coGroup(right: NeedsKeys<'coGroup'>): never

  /** @deprecated A join needs keys: call `keyBy` on both streams first. */
  intervalJoin(right: NeedsKeys<'intervalJoin'>, ...rest: readonly unknown[]): never

  /** @deprecated A join needs keys: call `keyBy` on both streams first. */
  temporalJoin(versions: NeedsKeys<'temporalJoin'>): never
}

export interface SourceStream<out T> extends Stream<T> {
  /** What the source could not decode, when its policy is `deadLetter`. */
  readonly malformed: Stream<DeadLetter>
}
