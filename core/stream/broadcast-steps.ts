import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import type { ConnectedProcess, KeyedConnectedProcess } from '../operators/connected-function.js'
import {
  BROADCAST_INPUT,
  connectedProcessOperator,
  keyedConnectedProcessOperator,
} from '../operators/connected-process.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { BroadcastStream, ConnectedStream, KeyedConnectedStream } from './connected-streams.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { type Scope, spread, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import { broadcastLabel, stateLabel } from './state-label.js'
import type { ProcessOptions, SideStreams, Stream } from './stream.js'

/** Where a stream is read that goes to every subtask, and the state that it keeps there. */
export class BroadcastSteps<out U, B extends BroadcastDeclarations> implements BroadcastStream<U, B> {
  readonly state: B
  /** As a step's second input. */
  readonly inputs: readonly NodeInput[]
  readonly label: string

  constructor(inputs: readonly NodeInput[], state: B) {
    this.label = broadcastLabel(state)
    this.state = state
    this.inputs = spread(inputs, { partitioning: 'broadcast' }).map((input) => ({ ...input, input: BROADCAST_INPUT }))
  }

  static of<U, B extends BroadcastDeclarations>(stream: BroadcastStream<U, B>): BroadcastSteps<U, B> {
    if (stream instanceof BroadcastSteps) return stream
    throw graphError(
      'GRAPH_STEP_INVALID',
      'connect: expected a broadcast stream, such as rules.broadcast({ rules: mapState() }), or two keyed streams',
    )
  }
}

export class ConnectedSteps<out T, out U, B extends BroadcastDeclarations> implements ConnectedStream<T, U, B> {
  readonly #scope: Scope
  readonly #inputs: readonly NodeInput[]
  readonly #broadcast: BroadcastSteps<U, B>

  constructor(scope: Scope, inputs: readonly NodeInput[], broadcast: BroadcastSteps<U, B>) {
    this.#scope = scope
    this.#inputs = inputs
    this.#broadcast = broadcast
  }

  process<R, Q, O extends SideOutputs, C>(
    id: string,
    definition: ConnectedProcess<T, U, B, O, R, Q, C>,
    options?: ProcessOptions,
  ): Stream<R | Q> & SideStreams<O> {
    requireBoth(id, definition)
    const { state, inputs, label } = this.#broadcast
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'process',
      label: `process with broadcast(${label})`,
      inputs: [...this.#inputs, ...inputs],
      sideOutputs: sideOutputNames(id, definition.sideOutputs),
      ...placementOf(`process '${id}'`, options),
      create: operatorOf(() => connectedProcessOperator(state, definition)),
    })
    return withSideStreams<R | Q, SideStreams<O>>(this.#scope, node)
  }
}

export class KeyedConnectedSteps<out K extends Key, out T, out U, B extends BroadcastDeclarations>
  implements KeyedConnectedStream<K, T, U, B>
{
  readonly #scope: Scope
  readonly #inputs: readonly NodeInput[]
  readonly #broadcast: BroadcastSteps<U, B>

  constructor(scope: Scope, inputs: readonly NodeInput[], broadcast: BroadcastSteps<U, B>) {
    this.#scope = scope
    this.#inputs = inputs
    this.#broadcast = broadcast
  }

  process<R, Q, P, S extends StateDeclarations, O extends SideOutputs, C>(
    id: string,
    definition: KeyedConnectedProcess<K, T, U, S, B, O, R, Q, P, C>,
    options?: ProcessOptions,
  ): Stream<R | Q | P> & SideStreams<O> {
    requireBoth(id, definition)
    const { state, inputs, label } = this.#broadcast
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'process',
      label: `process(${stateLabel(id, definition.state)}) with broadcast(${label})`,
      inputs: [...this.#inputs, ...inputs],
      sideOutputs: sideOutputNames(id, definition.sideOutputs),
      ...placementOf(`process '${id}'`, options),
      create: operatorOf(() => keyedConnectedProcessOperator(state, definition)),
    })
    return withSideStreams<R | Q | P, SideStreams<O>>(this.#scope, node)
  }
}

function requireBoth(id: string, definition: unknown): void {
  if (typeof definition === 'function') {
    const step = `process '${id}' of a connect`
    throw graphError('GRAPH_STEP_INVALID', `${step}: expected an object with onRecord(...) and onBroadcast(...)`, id)
  }
  requireFunction(definition, 'onRecord', `process '${id}' of a connect`)
  requireFunction(definition, 'onBroadcast', `process '${id}' of a connect`)
}
