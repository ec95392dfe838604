import { type Logger, MAX_WATERMARK } from 'tidemark'
import type { ObjectStore } from 'tidemark/run'
import { systemEnvironment } from 'tidemark/run'
import type { CheckpointManifest } from '../../core/checkpoint/manifest.js'
import type { LogicalGraph, OperatorNode } from '../../core/graph/node.js'
import type { Operator, OperatorContext, Output } from '../../core/operators/operator.js'
import { keyGroupRange } from '../../core/state/key-groups.js'
import { KeyedState } from '../../core/state/keyed-state.js'
import { RestoredOperatorState } from '../../core/state/restored-operator-state.js'
import { RestorePoint, readCommittables } from '../../runtime/coordinator/restore-point.js'
import { OperatorMetrics } from '../../runtime/observe/metrics.js'
import { everyState } from '../golden/savepoints/every-state.js'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const ENVIRONMENT = systemEnvironment()
const NEVER = (): boolean => false

const GRAPH: LogicalGraph = everyState([]).build({})

/** Rows go nowhere. */
class NoOutput implements Output {
  readonly full = false
  origin: undefined
  rows = 0
  emit(): void {
    this.rows++
  }
  emitTo(): void {
    this.rows++
  }
  emitBatch(): void {
    this.rows++
  }
}

export interface RestoreAt {
  readonly subtask: number
  readonly parallelism: number
  /** Also lets all windows and timers fire. */
  readonly fires: boolean
}

/**
 * What a start from a savepoint does: deals the state out, reads it into the job's real operators, and takes a savepoint of
 * what that is. Operators that the manifest lacks are left out.
 */
export async function restore(store: ObjectStore, manifest: CheckpointManifest, at: RestoreAt): Promise<void> {
  const dropping = { isAllowed: true, logger: SILENT }
  const point = await RestorePoint.of(store, manifest, { graph: GRAPH, dropping })
  await readCommittables(store, manifest)
  for (const node of GRAPH.nodes) {
    const stored = manifest.operators.find(({ id }) => id === node.id)
    if (stored === undefined) continue
    if (node.kind === 'source') point.forSource(node.id)
    if (node.kind === 'operator' && node.stable) await restoreOperator(node, point, { ...at, manifest })
  }
}

async function restoreOperator(
  node: OperatorNode,
  point: RestorePoint,
  at: RestoreAt & { readonly manifest: CheckpointManifest },
): Promise<void> {
  const { subtask, parallelism, manifest } = at
  const { maxParallelism } = manifest
  const range = keyGroupRange(subtask, parallelism, maxParallelism)
  const start = point.forSubtask(node.id, { subtask, parallelism, maxParallelism })
  const keyedState = new KeyedState({ operatorId: node.id, range, clock: ENVIRONMENT.clock })
  const states = new RestoredOperatorState(node.id, start.operatorState)
  const context: OperatorContext = {
    operatorId: node.id,
    subtask: { index: subtask, parallelism },
    logger: SILENT,
    metrics: new OperatorMetrics(),
    parameters: {},
    signal: new AbortController().signal,
    environment: ENVIRONMENT,
    portOf: () => -1,
    keyGroups: range,
    maxParallelism,
    keyedState,
    restoredWatermarks: { minimum: start.watermark, floorOf: start.watermarkOf },
    restoredOperatorState: (name, mode) => states.take(name, mode),
    requestProcessingTime: () => undefined,
    wake: () => undefined,
    forward: () => undefined,
    isBarrierAwaited: false,
  }
  const operator = node.create()
  await operator.open?.(context)
  const restoring = keyedState.restore()
  for (const { checkpoint, read } of start.objects) {
    restoring.add(await read(), checkpoint)
    restoring.work(NEVER)
  }
  restoring.finish()
  operator.onRestored?.()
  keyedState.snapshot({ checkpointId: manifest.id + 1, isSavepoint: true }).work(NEVER)
  if (at.fires) fire(operator)
}

/** Functions of the job get values of any type, and may throw whatever they like: that it ends is what counts. */
function fire(operator: Operator): void {
  const output = new NoOutput()
  try {
    for (let calls = 0; calls < 10_000 && operator.onWatermark?.(MAX_WATERMARK, output) === false; calls++);
  } catch {
    // See above.
  }
}
