import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { keyedCoProcessOperator } from '../operators/co-process.js'
import type { KeyedCoProcess } from '../operators/process-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { ConnectedKeyedStreams } from './connected-streams.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { type Scope, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import { stateLabel } from './state-label.js'
import type { ProcessOptions, SideStreams, Stream } from './stream.js'

/** Two keyed streams in front of one step. */
export interface TwoInputs {
  readonly scope: Scope
  readonly left: readonly NodeInput[]
  readonly right: readonly NodeInput[]
}

/** Both as the inputs of a node. */
export function inputsOf({ left, right }: TwoInputs): readonly NodeInput[] {
  return [...left, ...right.map((input) => ({ ...input, input: 1 }))]
}

export class ConnectedKeyedSteps<out K extends Key, out T, out U> implements ConnectedKeyedStreams<K, T, U> {
  readonly #both: TwoInputs

  constructor(both: TwoInputs) {
    this.#both = both
  }

  process<R, Q, P, S extends StateDeclarations, O extends SideOutputs, C>(
    id: string,
    definition: KeyedCoProcess<K, T, U, S, O, R, Q, P, C>,
    options?: ProcessOptions,
  ): Stream<R | Q | P> & SideStreams<O> {
    const step = `process '${id}' of a connect`
    if (typeof definition === 'function') {
      throw graphError('GRAPH_STEP_INVALID', `${step}: expected an object with onLeft(...) and onRight(...)`, id)
    }
    requireFunction(definition, 'onLeft', step)
    requireFunction(definition, 'onRight', step)
    const { scope } = this.#both
    const node = scope.graph.addOperator({
      id: id ?? '',
      step: 'process',
      label: `process(${stateLabel(id, definition.state)}) of left and right`,
      inputs: inputsOf(this.#both),
      sideOutputs: sideOutputNames(id, definition.sideOutputs),
      ...placementOf(`process '${id}'`, options),
      create: operatorOf(() => keyedCoProcessOperator(definition)),
    })
    return withSideStreams<R | Q | P, SideStreams<O>>(scope, node)
  }
}
