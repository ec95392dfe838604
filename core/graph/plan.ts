import { defaultMaxParallelism } from '../state/key-groups.js'
import type { ExecutionPlan, PlanEdge, Vertex } from './execution-plan.js'
import { graphError } from './graph-error.js'
import type { LogicalGraph, LogicalNode, NodeInput, Partitioning } from './node.js'
import { requireMaxParallelism, requireParallelism } from './parallelism.js'
import { validateGraph } from './validate.js'

export interface PlanOptions {
  /** Of the steps that do not set their own. Default: the job's, else 1. */
  readonly parallelism?: number | undefined
  /** Default: the job's, else one with room to grow. */
  readonly maxParallelism?: number | undefined
}

/**
 * How a graph runs. Steps of one parallelism that forward their main output to a single reader become one task;
 * a forward edge between different parallelisms becomes a rebalance.
 * @throws TidemarkError GRAPH_*
 */
export function planOf(graph: LogicalGraph, options: PlanOptions = {}): ExecutionPlan {
  validateGraph(graph)
  const parallelism = options.parallelism ?? graph.parallelism ?? 1
  const widths = graph.nodes.map((node) => node.parallelism ?? parallelism)
  const maxParallelism = options.maxParallelism ?? graph.maxParallelism ?? defaultMaxParallelism(Math.max(...widths))
  requireMaxParallelism(maxParallelism, graph.jobName)
  requireParallelism(parallelism, maxParallelism, `job '${graph.jobName}'`)
  graph.nodes.forEach((node, index) => {
    requireParallelism(widths[index]!, maxParallelism, node.id)
  })

  const chains = chainsOf(graph.nodes, widths)
  const vertices = chains.map(
    (chain, index): Vertex =>
      Object.freeze({ index, chain: Object.freeze(chain), parallelism: widths[chain[0]!.index]! }),
  )
  return Object.freeze({
    jobName: graph.jobName,
    maxParallelism,
    vertices: Object.freeze(vertices),
    edges: Object.freeze(edgesOf(vertices)),
  })
}

function chainsOf(nodes: readonly LogicalNode[], widths: readonly number[]): LogicalNode[][] {
  const readers = mainReaders(nodes)
  const chains: LogicalNode[][] = []
  const chainOf = new Map<LogicalNode, LogicalNode[]>()
  for (const node of nodes) {
    const only = node.kind !== 'source' && node.inputs.length === 1 ? node.inputs[0] : undefined
    const chain = only && continuesTask(node, only) ? chainOf.get(only.from)! : []
    if (chain.length === 0) chains.push(chain)
    chain.push(node)
    chainOf.set(node, chain)
  }
  return chains

  function continuesTask(node: LogicalNode, input: NodeInput): boolean {
    return (
      input.partitioning === 'forward' &&
      input.port === 0 &&
      input.input === 0 &&
      readers.get(input.from) === 1 &&
      node.chaining === undefined &&
      input.from.chaining !== 'never' &&
      widths[input.from.index] === widths[node.index]
    )
  }
}

function mainReaders(nodes: readonly LogicalNode[]): Map<LogicalNode, number> {
  const readers = new Map<LogicalNode, number>()
  for (const node of nodes) {
    if (node.kind === 'source') continue
    for (const { from, port } of node.inputs) if (port === 0) readers.set(from, (readers.get(from) ?? 0) + 1)
  }
  return readers
}

function edgesOf(vertices: readonly Vertex[]): PlanEdge[] {
  const places = new Map<LogicalNode, { readonly vertex: Vertex; readonly stage: number }>()
  for (const vertex of vertices) {
    vertex.chain.forEach((node, stage) => {
      places.set(node, { vertex, stage })
    })
  }
  const edges: PlanEdge[] = []
  for (const to of vertices) {
    const head = to.chain[0]!
    if (head.kind === 'source') continue
    for (const read of head.inputs) {
      const { from, port, partition, input } = read
      const sender = places.get(from)!
      edges.push(
        Object.freeze({
          index: edges.length,
          from: sender.vertex.index,
          stage: sender.stage,
          port,
          to: to.index,
          input,
          partitioning: between(read, sender.vertex, to),
          ...(partition && { partition }),
        }),
      )
    }
  }
  return edges
}

function between({ from, partitioning, mustForward }: NodeInput, sender: Vertex, reader: Vertex): Partitioning {
  if (partitioning !== 'forward' || sender.parallelism === reader.parallelism) return partitioning
  if (!mustForward) return 'rebalance'
  const id = reader.chain[0]!.id
  throw graphError(
    'GRAPH_FORWARD_IMPOSSIBLE',
    `'${id}' reads '${from.id}' by forward(), subtask by subtask, and has ${reader.parallelism} of them where the other ` +
      `has ${sender.parallelism}: give '${id}' { parallelism: ${sender.parallelism} }, or take rescale() or rebalance()`,
    id,
  )
}
