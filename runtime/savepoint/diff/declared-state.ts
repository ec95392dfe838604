import type { Logger } from '../../../core/context.js'
import { MIN_WATERMARK } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import type { OperatorNode } from '../../../core/graph/node.js'
import type { KeyGroupedComponent } from '../../../core/state/component.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { OperatorStateMode } from '../../../core/state/operator-state.js'
import { OperatorMetrics } from '../../observe/metrics.js'

/** The state that a step would ask a checkpoint for. */
export interface DeclaredState {
  /** By name: those of the user begin with `state:`. */
  readonly keyed: ReadonlyMap<string, KeyGroupedComponent>
  /** Operator and broadcast state, by name. */
  readonly operator: ReadonlyMap<string, OperatorStateMode>
}

export interface DeclaredStateOptions {
  readonly environment: Environment
  readonly parameters: Readonly<Record<string, unknown>>
  readonly maxParallelism: number
}

const nothing = (): void => undefined
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Opens the operator as a deployment does, for as long as it takes to register its state: nothing of the user's runs. */
export async function declaredStateOf(node: OperatorNode, options: DeclaredStateOptions): Promise<DeclaredState> {
  const { environment, parameters, maxParallelism } = options
  const range = { first: 0, end: 1 }
  const keyedState = new KeyedState({ operatorId: node.id, range })
  const states = new Map<string, OperatorStateMode>()
  const operator = node.create()
  await operator.open?.({
    operatorId: node.id,
    subtask: { index: 0, parallelism: 1 },
    logger: SILENT,
    metrics: new OperatorMetrics(),
    parameters,
    signal: new AbortController().signal,
    environment,
    portOf: () => -1,
    keyGroups: range,
    maxParallelism,
    keyedState,
    restoredWatermarks: { minimum: MIN_WATERMARK, floorOf: () => MIN_WATERMARK },
    restoredOperatorState: (name, mode) => {
      states.set(name, mode)
      return []
    },
    requestProcessingTime: nothing,
    wake: nothing,
    forward: nothing,
    isBarrierAwaited: false,
    declaresOnly: true,
  })
  await operator.close?.()
  return { keyed: new Map(keyedState.declared.map((component) => [component.name, component])), operator: states }
}
