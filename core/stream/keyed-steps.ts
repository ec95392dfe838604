import type { DeadLetter } from '../connector.js'
import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { WaitedCalls } from '../operators/guard/waited-calls.js'
import { keyedProcessOperator } from '../operators/keyed-process.js'
import { keyedReduceOperator } from '../operators/keyed-reduce.js'
import type { KeyedProcess } from '../operators/process-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { Window, WindowAssigner } from '../window/index.js'
import { BroadcastSteps, KeyedConnectedSteps } from './broadcast-steps.js'
import { ConnectedKeyedSteps, type TwoInputs } from './connected-steps.js'
import type { BroadcastStream, ConnectedKeyedStreams, KeyedConnectedStream } from './connected-streams.js'
import { failedOf } from './failed.js'
import { IntervalJoinSteps } from './interval-join-steps.js'
import type { IntervalBounds, IntervalJoinedStreams, JoinedStreams, TemporalJoinedStreams } from './join-streams.js'
import type { KeyedStream } from './keyed-stream.js'
import { operatorOf } from './operator-of.js'
import { type Placement, placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { outputOf, type Scope, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import { stateLabel } from './state-label.js'
import type { ProcessOptions, SideStreams, Stream } from './stream.js'
import { TemporalJoinSteps } from './temporal-join-steps.js'
import { JoinedSteps } from './window-join-steps.js'
import { WindowedSteps } from './windowed-steps.js'
import type { WindowedStream } from './windowed-stream.js'

export interface KeyedProcessStep<K extends Key, T, S extends StateDeclarations, O extends SideOutputs, R, Q, C> {
  readonly id: string
  /** What it is called in the graph: `process`, `deduplicate`. */
  readonly step: string
  readonly label: string
  readonly definition: KeyedProcess<K, T, S, O, R, Q, C>
  /** The same for one subtask, for what calls functions for records that have waited. */
  readonly perSubtask?: (calls: WaitedCalls) => KeyedProcess<K, T, S, O, R, Q, C>
  readonly placement: Placement
}

export class KeyedSteps<out K extends Key, out T> implements KeyedStream<K, T> {
  readonly #scope: Scope
  readonly #inputs: readonly NodeInput[]

  constructor(scope: Scope, inputs: readonly NodeInput[]) {
    this.#scope = scope
    this.#inputs = inputs
  }

  process<R, Q, S extends StateDeclarations, O extends SideOutputs, C>(
    id: string,
    definition: KeyedProcess<K, T, S, O, R, Q, C>,
    options?: ProcessOptions,
  ): Stream<R | Q> & SideStreams<O> {
    requireFunction(definition, 'process', `process '${id}'`)
    sideOutputNames(id, definition.sideOutputs)
    const label = `process(${stateLabel(id, definition.state)})`
    const placement = placementOf(`process '${id}'`, options)
    return this.addProcess({ id, step: 'process', label, definition, placement })
  }

  /** Also for the patterns, whose side outputs may be called what a user's may not: `late`. */
  addProcess<R, Q, S extends StateDeclarations, O extends SideOutputs, C>(
    step: KeyedProcessStep<K, T, S, O, R, Q, C>,
  ): Stream<R | Q> & SideStreams<O> {
    const { id, definition, perSubtask, placement } = step
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: step.step,
      label: step.label,
      inputs: this.#inputs,
      sideOutputs: Object.keys(definition.sideOutputs ?? {}),
      ...placement,
      boundary: 'record',
      create: operatorOf(() => {
        const calls = new WaitedCalls()
        return keyedProcessOperator(perSubtask?.(calls) ?? definition, calls)
      }),
    })
    return withSideStreams<R | Q, SideStreams<O>>(this.#scope, node)
  }

  get failed(): Stream<DeadLetter> {
    return failedOf(this.#scope, this.#inputs)
  }

  pipe<R>(step: (stream: KeyedStream<K, T>) => R): R {
    requireFunction(step, 'pipe', 'pipe')
    return step(this)
  }

  connect<U, B extends BroadcastDeclarations>(broadcast: BroadcastStream<U, B>): KeyedConnectedStream<K, T, U, B>
  connect<U>(right: KeyedStream<K, U>): ConnectedKeyedStreams<K, T, U>
  connect<U, B extends BroadcastDeclarations>(
    other: BroadcastStream<U, B> | KeyedStream<K, U>,
  ): KeyedConnectedStream<K, T, U, B> | ConnectedKeyedStreams<K, T, U> {
    if (other instanceof KeyedSteps) return new ConnectedKeyedSteps(this.#with('connect', other))
    // What is not a keyed stream has to be a broadcast one.
    return new KeyedConnectedSteps(this.#scope, this.#inputs, BroadcastSteps.of(other as BroadcastStream<U, B>))
  }

  intervalJoin<U>(right: KeyedStream<K, U>, bounds: IntervalBounds): IntervalJoinedStreams<K, T, U> {
    return new IntervalJoinSteps(this.#with('intervalJoin', right), bounds)
  }

  join<U>(right: KeyedStream<K, U>): JoinedStreams<K, T, U, T, U> {
    return new JoinedSteps(this.#with('join', right), 'join')
  }

  coGroup<U>(right: KeyedStream<K, U>): JoinedStreams<K, readonly T[], readonly U[], T, U> {
    return new JoinedSteps(this.#with('coGroup', right), 'coGroup')
  }

  temporalJoin<V>(versions: KeyedStream<K, V>): TemporalJoinedStreams<K, T, V> {
    return new TemporalJoinSteps(this.#with('temporalJoin', versions))
  }

  /** @throws TidemarkError GRAPH_STEP_INVALID */
  #with(step: string, right: unknown): TwoInputs {
    if (right instanceof KeyedSteps) return { scope: this.#scope, left: this.#inputs, right: right.#inputs }
    throw graphError('GRAPH_STEP_INVALID', `${step}: expected a keyed stream, such as left.${step}(right.keyBy(...))`)
  }

  reduce(id: string, fn: (left: T, right: T) => T, options?: ProcessOptions): Stream<T> {
    requireFunction(fn, 'reduce', `reduce '${id}'`)
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'reduce',
      label: 'reduce',
      inputs: this.#inputs,
      sideOutputs: [],
      ...placementOf(`reduce '${id}'`, options),
      create: operatorOf(() => keyedReduceOperator(fn)),
    })
    return this.#scope.stream(outputOf(node))
  }

  mapAsync(): never {
    throw graphError(
      'GRAPH_STEP_INVALID',
      `mapAsync on a keyed stream (of '${this.#inputs[0]?.from.id}'): what it gives has no key. Write ` +
        'stream.mapAsync(...).keyBy((value) => ...)',
      this.#inputs[0]?.from.id,
    )
  }

  window<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<K, T, W> {
    return this.#windows('window', { assigner, inOneSubtask: false })
  }

  /** For a stream that has one key: more than one subtask would have nothing to do. */
  windowAll<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<K, T, W> {
    return this.#windows('windowAll', { assigner, inOneSubtask: true })
  }

  #windows<W extends Window>(
    step: string,
    { assigner, inOneSubtask }: { readonly assigner: WindowAssigner<T, W>; readonly inOneSubtask: boolean },
  ): WindowedStream<K, T, W> {
    if (typeof (assigner as Partial<WindowAssigner<T, W>> | undefined)?.spec !== 'object') {
      throw graphError('GRAPH_STEP_INVALID', `${step}: expected windows, such as ${step}(tumbling(hours(1)))`)
    }
    const settings = { assigner, inOneSubtask, trigger: undefined, allowedLatenessMs: 0 }
    return new WindowedSteps(this.#scope, this.#inputs, settings)
  }
}
