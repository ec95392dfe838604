import type { ObjectRef } from '../../core/checkpoint/manifest.js'
import type { SplitReader } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Barrier } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import type { ExecutionPlan, PlanEdge, Vertex } from '../../core/graph/execution-plan.js'
import type { LogicalNode, OperatorNode, SinkNode, SourceNode } from '../../core/graph/node.js'
import type { Operator, OperatorContext } from '../../core/operators/operator.js'
import { keyGroupRange } from '../../core/state/key-groups.js'
import type { KeysChanged } from '../../core/state/key-guard.js'
import { KeyedState } from '../../core/state/keyed-state.js'
import type { LeafStore } from '../../core/state/leaf-table.js'
import { RestoredOperatorState } from '../../core/state/restored-operator-state.js'
import { LocalChannel } from '../exchange/channel.js'
import { isConnected } from '../exchange/connected.js'
import { EdgeWriter } from '../exchange/edge-writer.js'
import { childLogger } from '../observe/child-logger.js'
import { OperatorMetrics } from '../observe/metrics.js'
import { InputGate } from '../task/input-gate.js'
import { type Outlet, OutputBuffer } from '../task/output-buffer.js'
import { SinkOperator } from '../task/sink-operator.js'
import { SourceStage } from '../task/source-stage.js'
import { Stage, withOperatorId } from '../task/stage.js'
import type { StageRestore, StageSnapshot, StoredObjectRef } from '../task/stage-snapshot.js'
import { Task } from '../task/task.js'

export interface ExecutionLimits {
  /** Rows a channel holds before it pushes back. */
  readonly channelRows: number
  /** Rows an operator's output holds before the operator has to give way. */
  readonly outputRows: number
  /** Rows one call of a user's function may emit beyond that. */
  readonly outputOverflow: number
}

export interface DeploymentOptions {
  readonly plan: ExecutionPlan
  readonly environment: Environment
  readonly logger: Logger
  readonly parameters: Readonly<Record<string, unknown>>
  readonly lineage: string
  readonly generation: number
  readonly claimedAt: number
  readonly limits: ExecutionLimits
  /** Where an operator's keyed state is, on one subtask. Undefined: on the heap. */
  readonly leavesFor: ((operatorId: string) => LeafStore) | undefined
  readonly restore: (node: LogicalNode, subtask: number, parallelism: number) => StageRestore
  readonly signal: AbortSignal
  readonly onSnapshot: (task: number, checkpointId: number, snapshots: readonly StageSnapshot[]) => void
  /** Makes an object of keyed state durable. */
  readonly upload: (object: Uint8Array, of: UploadedObject) => Promise<ObjectRef>
  /** A checkpoint cannot be completed; the job may go on. */
  readonly onSnapshotFailure: (checkpointId: number, error: unknown) => void
  readonly onFailure: (error: unknown) => void
  /** What was restored has keys of another type than the records. Throws unless the old keys' state may be left. */
  readonly onKeysChanged: KeysChanged
  /** All records of one subtask of a source have been emitted. */
  readonly onSourceEnd: () => void
  readonly wake: (task: Task) => void
}

/** Which object of keyed state it is. */
export interface UploadedObject {
  readonly barrier: Barrier
  readonly operatorId: string
  readonly subtask: number
  readonly part: number
}

/** Where a subtask's stage is among all stages of the generation. */
export interface Deployed {
  readonly node: LogicalNode
  readonly subtask: number
  readonly operator: Operator | undefined
  readonly context: OperatorContext | undefined
  readonly stage: Stage | SourceStage
  readonly metrics: OperatorMetrics
  /** Objects of keyed state to restore once the operator is open. */
  readonly stored: readonly StoredObjectRef[]
  readonly operatorState: RestoredOperatorState | undefined
  readonly keyedState: () => KeyedState | undefined
}

/** Makes the tasks of a plan, and the channels between them. */
export class Deployment {
  readonly tasks: Task[] = []
  readonly deployed: Deployed[] = []
  private readonly options: DeploymentOptions
  /** By edge, receiving subtask, sending subtask. */
  private readonly channels: LocalChannel[][][] = []

  constructor(options: DeploymentOptions) {
    this.options = options
    for (const edge of options.plan.edges) this.channels.push(this.connect(edge))
    for (const vertex of options.plan.vertices) {
      for (let subtask = 0; subtask < vertex.parallelism; subtask++) this.tasks.push(this.deploy(vertex, subtask))
    }
  }

  private connect(edge: PlanEdge): LocalChannel[][] {
    const from = this.vertex(edge.from)
    const to = this.vertex(edge.to)
    return Array.from({ length: to.parallelism }, (_, receiver) =>
      Array.from(
        { length: from.parallelism },
        (_, sender) =>
          new LocalChannel({
            capacity: this.options.limits.channelRows,
            onData: () => this.wake(to, receiver),
            onRoom: () => this.wake(from, sender),
          }),
      ),
    )
  }

  private isConnected({ partitioning, from, to }: PlanEdge, sender: number, receiver: number): boolean {
    const senders = this.vertex(from).parallelism
    return isConnected(partitioning, { sender, senders, receiver, receivers: this.vertex(to).parallelism })
  }

  private vertex(index: number): Vertex {
    return this.options.plan.vertices[index] as Vertex
  }

  private taskIndex(vertex: Vertex, subtask: number): number {
    let index = subtask
    for (const before of this.options.plan.vertices) {
      if (before === vertex) break
      index += before.parallelism
    }
    return index
  }

  private wake(vertex: Vertex, subtask: number): void {
    const task = this.tasks[this.taskIndex(vertex, subtask)]
    if (task) this.options.wake(task)
  }

  private deploy(vertex: Vertex, subtask: number): Task {
    const { environment, onSnapshot } = this.options
    const index = this.tasks.length
    const stages: Stage[] = []
    let source: SourceStage | undefined
    const wake = (): void => this.wake(vertex, subtask)
    const collect = (checkpointId: number, snapshot: StageSnapshot): void => task.collect(checkpointId, snapshot)
    // Built from the end, so that each stage knows the one it hands rows to.
    for (let position = vertex.chain.length - 1; position >= 0; position--) {
      const node = vertex.chain[position] as LogicalNode
      const output = this.outputOf(vertex, subtask, position, stages[0])
      if (node.kind === 'source') source = this.deploySource(node, subtask, output, { wake, collect })
      else stages.unshift(this.deployStage(node, vertex, subtask, output, { wake, collect }))
    }
    const inputs = this.options.plan.edges.filter(({ to }) => to === vertex.index)
    const gate =
      inputs.length === 0
        ? undefined
        : new InputGate(
            inputs.flatMap((edge) => {
              const channels = this.channels[edge.index]?.[subtask] ?? []
              const used = channels.filter((_, sender) => this.isConnected(edge, sender, subtask))
              return used.map((channel) => ({ channel, input: edge.input }))
            }),
            this.options.restore(vertex.chain[0] as LogicalNode, subtask, vertex.parallelism).watermark,
          )
    const task: Task = new Task({
      name: `${vertex.chain.map(({ id }) => id).join(' > ')} (${subtask + 1}/${vertex.parallelism})`,
      environment,
      gate,
      source,
      stages,
      onSnapshot: (checkpointId, snapshots) => onSnapshot(index, checkpointId, snapshots),
      onFailure: (error) => this.options.onFailure(error),
    })
    return task
  }

  private outputOf(vertex: Vertex, subtask: number, position: number, next: Stage | undefined): OutputBuffer {
    const node = vertex.chain[position] as LogicalNode
    const outlets: Outlet[][] = [[], ...node.sideOutputs.map(() => [])]
    if (next) outlets[0]?.push(next)
    for (const edge of this.options.plan.edges) {
      if (edge.from !== vertex.index || edge.stage !== position) continue
      const receivers = this.channels[edge.index] ?? []
      const targets = receivers.filter((_, receiver) => this.isConnected(edge, subtask, receiver))
      outlets[edge.port]?.push(
        new EdgeWriter({
          partitioning: edge.partitioning,
          partition: edge.partition,
          operatorId: node.id,
          subtask,
          maxParallelism: this.options.plan.maxParallelism,
          channels: targets.map((senders) => senders[subtask] as LocalChannel),
        }),
      )
    }
    const { outputRows, outputOverflow } = this.options.limits
    return new OutputBuffer({
      operatorId: node.id,
      outlets,
      capacity: outputRows,
      overflowLimit: outputOverflow,
    })
  }

  private deploySource(node: SourceNode, subtask: number, output: OutputBuffer, hooks: TaskHooks): SourceStage {
    const metrics = new OperatorMetrics()
    const parallelism = this.parallelismOf(node)
    const stage = new SourceStage({
      nodeId: node.id,
      strategy: node.watermarks,
      onMalformed: node.source.onMalformed ?? 'fail',
      output,
      malformedPort: output.hasReaders(node.sideOutputs.indexOf('malformed') + 1)
        ? node.sideOutputs.indexOf('malformed') + 1
        : -1,
      environment: this.options.environment,
      metrics,
      openReader: (split): SplitReader<unknown> | Promise<SplitReader<unknown>> =>
        node.source.read(split, { ...this.engineContext(node, subtask, parallelism, metrics), wake: hooks.wake }),
      onSnapshot: hooks.collect,
      onFailure: (error) => this.options.onFailure(error),
      onEnd: () => this.options.onSourceEnd(),
      wake: hooks.wake,
    })
    this.deployed.push({
      node,
      subtask,
      operator: undefined,
      context: undefined,
      stage,
      metrics,
      stored: [],
      operatorState: undefined,
      keyedState: () => undefined,
    })
    return stage
  }

  private deployStage(
    node: OperatorNode | SinkNode,
    vertex: Vertex,
    subtask: number,
    output: OutputBuffer,
    hooks: TaskHooks,
  ): Stage {
    const { lineage, generation, claimedAt, environment, plan, onKeysChanged, leavesFor } = this.options
    const metrics = new OperatorMetrics()
    const restore = this.options.restore(node, subtask, vertex.parallelism)
    const range = keyGroupRange(subtask, vertex.parallelism, plan.maxParallelism)
    const sink =
      node.kind === 'sink' ? new SinkOperator({ sink: node.sink, lineage, generation, claimedAt }) : undefined
    const operator: Operator = sink ?? (node as OperatorNode).create()
    let backend: KeyedState | undefined
    const stage = new Stage({
      nodeId: node.id,
      operator,
      output,
      environment,
      range,
      restoredWatermark: restore.watermark,
      restoredWatermarkOf: restore.watermarkOf,
      keyedState: () => backend,
      ...(sink ? { committables: () => sink.committables } : {}),
      upload: (object, { barrier, part }) =>
        this.options.upload(object, { barrier, part, operatorId: node.id, subtask }),
      onSnapshot: hooks.collect,
      onSnapshotFailure: this.options.onSnapshotFailure,
      onFailure: (error) => this.options.onFailure(withOperatorId(error, node.id)),
      wake: hooks.wake,
    })
    const operatorState = new RestoredOperatorState(node.id, restore.operatorState)
    const context: OperatorContext = {
      ...this.engineContext(node, subtask, vertex.parallelism, metrics),
      portOf: (name) => {
        const port = node.sideOutputs.indexOf(name) + 1
        return port > 0 && output.hasReaders(port) ? port : -1
      },
      keyGroups: range,
      maxParallelism: plan.maxParallelism,
      get keyedState() {
        if (backend !== undefined) return backend
        const leaves = leavesFor?.(node.id)
        const { clock } = environment
        backend = new KeyedState({
          operatorId: node.id,
          range,
          clock,
          metrics,
          onKeysChanged,
          ...(leaves && { leaves }),
        })
        return backend
      },
      restoredWatermarks: { minimum: restore.watermark, floorOf: restore.watermarkOf },
      restoredOperatorState: (name, mode) => operatorState.take(name, mode),
      requestProcessingTime: (timestamp) => stage.requestProcessingTime(timestamp),
      wake: () => stage.wakeOperator(),
      forward: (element) => stage.forwardHeld(element),
      get isBarrierAwaited() {
        return stage.isBarrierAwaited
      },
    }
    this.deployed.push({
      node,
      subtask,
      operator,
      context,
      stage,
      metrics,
      stored: restore.objects,
      operatorState,
      keyedState: () => backend,
    })
    return stage
  }

  private engineContext(node: LogicalNode, index: number, parallelism: number, metrics: OperatorMetrics) {
    const { environment, logger, parameters } = this.options
    return {
      operatorId: node.id,
      subtask: { index, parallelism },
      logger: childLogger(logger, { operator: node.id, subtask: index }),
      metrics,
      parameters,
      signal: this.options.signal,
      environment,
    }
  }

  private parallelismOf(node: LogicalNode): number {
    return this.options.plan.vertices.find(({ chain }) => chain.includes(node))?.parallelism ?? 1
  }
}

interface TaskHooks {
  readonly wake: () => void
  readonly collect: (checkpointId: number, snapshot: StageSnapshot) => void
}
