import type { ExecutionPlan } from './execution-plan.js'
import type { LogicalNode, Partitioning } from './node.js'

export interface NodeEdge {
  readonly from: LogicalNode
  readonly port: number
  readonly to: LogicalNode
  readonly partitioning: Partitioning
}

/** All edges of a plan between steps: those within a task, then those between tasks. */
export function edgesBetweenNodes({ vertices, edges }: ExecutionPlan): readonly NodeEdge[] {
  const within = vertices.flatMap(({ chain }) =>
    chain.slice(1).map((to, index): NodeEdge => ({ from: chain[index]!, port: 0, to, partitioning: 'forward' })),
  )
  const between = edges.map(
    (edge): NodeEdge => ({
      from: vertices[edge.from]!.chain[edge.stage]!,
      port: edge.port,
      to: vertices[edge.to]!.chain[0]!,
      partitioning: edge.partitioning,
    }),
  )
  return [...within, ...between]
}
