import type { DeadLetter, Sink } from '../connector.js'
import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { requireId } from '../graph/node-id.js'
import { INSTEAD_OF_A_CYCLE } from '../graph/validate.js'
import type { AsyncFunction, AsyncOptions } from '../operators/async/async-function.js'
import { mapAsyncOperator } from '../operators/async/async-operator.js'
import { asyncSettings, describeAsync } from '../operators/async/async-settings.js'
import { filterOperator } from '../operators/filter.js'
import { flatMapOperator } from '../operators/flat-map.js'
import type { FilterFunction, FlatMapFunction, MapFunction } from '../operators/functions.js'
import type { OnError } from '../operators/guard/error-policy.js'
import { keyByOperator } from '../operators/key-by.js'
import { mapOperator } from '../operators/map.js'
import type { Operator } from '../operators/operator.js'
import { processOperator } from '../operators/process.js'
import type { ProcessFunction } from '../operators/process-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import { requireKnownOptions } from '../options.js'
import { requireNoPromise } from '../promises.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { Key } from '../state/key.js'
import type { OperatorStateDeclarations } from '../state/operator-list-state.js'
import type { Window, WindowAssigner } from '../window/index.js'
import { BroadcastSteps, ConnectedSteps } from './broadcast-steps.js'
import type { BroadcastStream, ConnectedStream } from './connected-streams.js'
import { failedOf } from './failed.js'
import { KeyedSteps } from './keyed-steps.js'
import type { KeyedStream } from './keyed-stream.js'
import { operatorOf } from './operator-of.js'
import { connectorPlacementOf, knownPlacement, placementOf, STATELESS_OPTIONS } from './placement.js'
import { requireFunction } from './require-function.js'
import { hashed, outputOf, type Scope, spread, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { Branches, SplitStreams, TakenBranches } from './split.js'
import { splitStreams } from './split-steps.js'
import { withOperatorState } from './state-label.js'
import type { KeyByOptions, ProcessOptions, SideStreams, StatelessOptions, StepOptions, Stream } from './stream.js'
import type { WindowedStream } from './windowed-stream.js'

/** A stream is where it can be read: the outputs of one node, or of several for a union. */
export class StreamSteps<out T> implements Stream<T> {
  readonly #scope: Scope
  readonly #inputs: readonly NodeInput[]

  constructor(scope: Scope, inputs: readonly NodeInput[]) {
    this.#scope = scope
    this.#inputs = inputs
  }

  map<R, C>(fn: MapFunction<T, R, C>, options?: StatelessOptions): Stream<R> {
    requireFunction(fn, 'map', 'map')
    return this.#stateless('map', () => mapOperator(fn), options)
  }

  filter<N extends T, C>(predicate: FilterFunction<T, C>, options?: StatelessOptions): Stream<N> {
    requireFunction(predicate, 'filter', 'filter')
    // What passed a predicate that narrows is of the narrow type; of any other, N is T.
    return this.#stateless('filter', () => filterOperator(predicate) as Operator<T, N>, options)
  }

  flatMap<R, C>(fn: FlatMapFunction<T, R, C>, options?: StatelessOptions): Stream<R> {
    requireFunction(fn, 'flatMap', 'flatMap')
    return this.#stateless('flatMap', () => flatMapOperator(fn), options)
  }

  mapAsync<R, C, F>(
    id: string,
    fn: AsyncFunction<T, R, C>,
    options: AsyncOptions<T, F> & StepOptions = {},
  ): Stream<R | F> {
    requireFunction(fn, 'mapAsync', `mapAsync '${id}'`)
    const settings = asyncSettings<T, R | F>(`mapAsync '${id}'`, options)
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'mapAsync',
      label: 'mapAsync',
      details: describeAsync(settings),
      inputs: this.#inputs,
      sideOutputs: [],
      ...knownPlacement(options),
      create: operatorOf(() => mapAsyncOperator<T, R | F, C>(fn, settings)),
    })
    return this.#scope.stream(outputOf(node))
  }

  union<Us extends readonly unknown[]>(
    ...others: { readonly [Index in keyof Us]: Stream<Us[Index]> }
  ): Stream<T | Us[number]> {
    return this.#scope.stream([...this.#inputs, ...others.flatMap((other) => this.#inputsOf(other))])
  }

  split<B extends Branches<T>>(branches: B & TakenBranches, options: StatelessOptions = {}): SplitStreams<T, B> {
    requireKnownOptions<StatelessOptions>('split', options, STATELESS_OPTIONS)
    const parallelism = options.parallelism ?? this.#parallelismHere()
    const placed = { ...options, ...(parallelism !== undefined && { parallelism }) }
    return splitStreams<T, B>(this.#scope, this.#inputs, { branches, options: placed })
  }

  rebalance(): Stream<T> {
    return this.#spread({ partitioning: 'rebalance' })
  }

  rescale(): Stream<T> {
    return this.#spread({ partitioning: 'rescale' })
  }

  replicate(): Stream<T> {
    return this.#spread({ partitioning: 'broadcast' })
  }

  forward(): Stream<T> {
    return this.#spread({ partitioning: 'forward', mustForward: true })
  }

  partitionBy<P>(key: (value: T) => P, partition: (key: P, subtasks: number) => number): Stream<T> {
    if (typeof key !== 'function' || typeof partition !== 'function') {
      throw graphError(
        'GRAPH_STEP_INVALID',
        'partitionBy: expected two functions, such as partitionBy((e) => e.tenant, (tenant, subtasks) => tenant % subtasks)',
      )
    }
    return this.#spread({
      partitioning: 'custom',
      // The graph holds functions of any type; this one gets what this stream carries.
      partition: (value, subtasks) =>
        partition(requireNoPromise(key(value as T), 'the key function of partitionBy'), subtasks),
    })
  }

  keyBy<const K>(selector: (value: T) => K, options?: KeyByOptions): KeyedStream<Extract<K, Key>, T> {
    if (typeof selector !== 'function') requireFunction(selector, 'key', 'keyBy')
    if (options !== undefined) requireKnownOptions<KeyByOptions>('keyBy', options, { onError: true })
    return this.#keyed(selector, options?.onError)
  }

  windowAll<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<'all', T, W> {
    return this.#keyed(() => 'all' as const).windowAll(assigner)
  }

  #keyed<const K>(selector: (value: T) => K, onError?: OnError): KeyedSteps<Extract<K, Key>, T> {
    const node = this.#scope.graph.addOperator({
      id: undefined,
      step: 'keyBy',
      label: 'keyBy',
      inputs: this.#inputs,
      sideOutputs: [],
      parallelism: this.#parallelismHere(),
      onError,
      // What the compiler cannot know of a value, the operator checks: a key that is none is an error at its record.
      create: operatorOf(() => keyByOperator(selector as (value: T) => Key)),
    })
    return new KeyedSteps(this.#scope, hashed(outputOf(node)))
  }

  process<R, O extends SideOutputs, C, L extends OperatorStateDeclarations>(
    id: string,
    fn: ProcessFunction<T, O, R, C, L>,
    options?: ProcessOptions,
  ): Stream<R> & SideStreams<O> {
    requireFunction(fn, 'process', `process '${id}'`)
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'process',
      label: withOperatorState('process', id, typeof fn === 'function' ? undefined : fn.operatorState),
      inputs: this.#inputs,
      sideOutputs: sideOutputNames(id, typeof fn === 'function' ? undefined : fn.sideOutputs),
      ...placementOf(`process '${id}'`, options),
      create: operatorOf(() => processOperator(fn)),
    })
    return withSideStreams<R, SideStreams<O>>(this.#scope, node)
  }

  broadcast<B extends BroadcastDeclarations>(state: B): BroadcastStream<T, B> {
    return new BroadcastSteps(this.#inputs, state)
  }

  connect<U, B extends BroadcastDeclarations>(broadcast: BroadcastStream<U, B>): ConnectedStream<T, U, B> {
    return new ConnectedSteps(this.#scope, this.#inputs, BroadcastSteps.of(broadcast))
  }

  to(id: string, sink: Sink<T>, options?: StepOptions): void {
    requireId(id, '.to(id, sink)')
    if (typeof sink !== 'object' || sink === null || typeof sink.write !== 'function') {
      throw graphError('GRAPH_STEP_INVALID', `.to('${id}', sink): expected a sink as the second argument`, id)
    }
    this.#scope.graph.addSink({
      id,
      // The graph holds sinks of any type; this one gets what this stream carries.
      sink: this.#scope.sinkFor(id, sink as Sink<unknown>),
      inputs: this.#inputs,
      ...connectorPlacementOf(`sink '${id}'`, options),
    })
  }

  get failed(): Stream<DeadLetter> {
    return failedOf(this.#scope, this.#inputs)
  }

  pipe<R>(step: (stream: Stream<T>) => R): R {
    return step(this as Stream<T>)
  }

  iterate(): never {
    const id = this.#inputs[0]?.from.id
    throw graphError('GRAPH_CYCLE', `a stream cannot feed itself (iterate on '${id}'): ${INSTEAD_OF_A_CYCLE}`, id)
  }

  window(): never {
    throw graphError(
      'GRAPH_WINDOW_NEEDS_KEY',
      `a window needs a keyed stream (it was put on '${this.#inputs[0]?.from.id}'): write stream.keyBy(...).window(...)`,
      this.#inputs[0]?.from.id,
    )
  }

  join(): never {
    return this.#needsKeys('join')
  }

  coGroup(): never {
    return this.#needsKeys('coGroup')
  }

  intervalJoin(): never {
    return this.#needsKeys('intervalJoin')
  }

  temporalJoin(): never {
    return this.#needsKeys('temporalJoin')
  }

  #needsKeys(join: string): never {
    const id = this.#inputs[0]?.from.id
    throw graphError(
      'GRAPH_STEP_INVALID',
      `${join}: expected two keyed streams, found one without keys ('${id}'): write ` +
        `left.keyBy(...).${join}(right.keyBy(...))`,
      id,
    )
  }

  #stateless<R>(step: string, create: () => Operator<T, R>, options: StatelessOptions = {}): Stream<R> {
    requireKnownOptions<StatelessOptions>(step, options, STATELESS_OPTIONS)
    const node = this.#scope.graph.addOperator({
      id: undefined,
      step,
      label: step,
      details: options.name,
      inputs: this.#inputs,
      sideOutputs: [],
      ...knownPlacement(options),
      parallelism: options.parallelism ?? this.#parallelismHere(),
      create: operatorOf(create),
    })
    return this.#scope.stream(outputOf(node))
  }

  #spread(how: Parameters<typeof spread>[1]): Stream<T> {
    return this.#scope.stream(spread(this.#inputs, how))
  }

  /** Where all inputs run at one parallelism a step without state stays with them: no exchange, and order is kept. */
  #parallelismHere(): number | undefined {
    // What is spread anew has left them.
    if (this.#inputs.some(({ partitioning }) => partitioning !== 'forward')) return undefined
    const first = this.#inputs[0]?.from.parallelism
    return this.#inputs.every((input) => input.from.parallelism === first) ? first : undefined
  }

  #inputsOf(other: unknown): readonly NodeInput[] {
    if (other instanceof StreamSteps) return other.#inputs
    throw graphError(
      'GRAPH_STEP_INVALID',
      'union: expected streams of this job, such as a.union(b, c); a keyed stream is united before its keyBy',
    )
  }
}
