import type { Sink, Source } from '../connector.js'
import type { Operator } from '../operators/operator.js'
import type { WatermarkStrategy } from '../time/watermark-strategy.js'

/**
 * How rows choose the subtask that gets them. `forward`: the one with the sender's index (both sides have one
 * parallelism). `hash`: by key group. `rebalance`: round robin over all. `rescale`: round robin over those that the
 * sender is connected to, its neighbours. `broadcast`: all of them. `custom`: as a function says.
 */
export type Partitioning = 'forward' | 'hash' | 'rebalance' | 'rescale' | 'broadcast' | 'custom'

/** Which of so many subtasks gets a row. */
export type PartitionRow = (value: unknown, subtasks: number) => number

/** Whether a step shares a task with others. `new`: not with what it reads. `never`: nor with what reads it. */
export type Chaining = 'new' | 'never'

/** An input of a node: what another node emits on one of its ports (0: main output). */
export interface NodeInput {
  readonly from: LogicalNode
  readonly port: number
  readonly partitioning: Partitioning
  /** Of `custom`. */
  readonly partition?: PartitionRow
  /** Of `forward`: to have another parallelism is an error, no reason to rebalance. */
  readonly mustForward?: true
  /** The ordinal that the operator sees: 0, or 1 for the second side of a connect. */
  readonly input: number
}

interface NodeBase {
  /** Position in the order of declaration; the same in every process that builds the job. */
  readonly index: number
  /** The user's id of a source, sink or stateful step; for the others one made of kind and position (`map-3`). */
  readonly id: string
  /** Whether the user gave the id: only those name state in a savepoint. */
  readonly stable: boolean
  /** What it is, for people and the fingerprint: `filter`, `tumbling(1h).aggregate(pickups: count)`. */
  readonly label: string
  /** For people alone: a name the user gave, the stream that a source reads, allowed lateness. */
  readonly details?: string
  /** Undefined: the job's. */
  readonly parallelism: number | undefined
  readonly chaining?: Chaining
  /** Names of the side outputs; port i + 1 is the i-th. */
  readonly sideOutputs: readonly string[]
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source'
  readonly source: Source<unknown>
  readonly watermarks: WatermarkStrategy<unknown>
}

export interface OperatorNode extends NodeBase {
  readonly kind: 'operator'
  readonly inputs: readonly NodeInput[]
  /** A fresh operator for one subtask. */
  readonly create: () => Operator
}

export interface SinkNode extends NodeBase {
  readonly kind: 'sink'
  readonly inputs: readonly NodeInput[]
  readonly sink: Sink<unknown>
}

/** Frozen. */
export type LogicalNode = SourceNode | OperatorNode | SinkNode

export interface LogicalGraph {
  readonly jobName: string
  /** What the job's own definition asks for; a start may override it. Undefined: it does not say. */
  readonly parallelism: number | undefined
  readonly maxParallelism: number | undefined
  /** In order of declaration: inputs before what reads them. */
  readonly nodes: readonly LogicalNode[]
  /** SHA-256-free, readable: two graphs with one fingerprint read each other's state. */
  readonly fingerprint: string
}
