import type { LogicalNode, Partitioning, PartitionRow } from './node.js'

/** Nodes that run as one task: rows pass between them by call. */
export interface Vertex {
  readonly index: number
  /** In order of flow. The first may be a source; any but the last has exactly one reader of its main output. */
  readonly chain: readonly LogicalNode[]
  readonly parallelism: number
}

/** A bundle of channels between the subtasks of two vertices. */
export interface PlanEdge {
  readonly index: number
  readonly from: number
  /** Position in the sender's chain of the node that emits, and its port. */
  readonly stage: number
  readonly port: number
  readonly to: number
  readonly input: number
  readonly partitioning: Partitioning
  readonly partition?: PartitionRow
}

export interface ExecutionPlan {
  readonly jobName: string
  readonly maxParallelism: number
  readonly vertices: readonly Vertex[]
  readonly edges: readonly PlanEdge[]
}
