import type { ExecutionPlan, PlanEdge, Vertex } from './execution-plan.js'
import { describeNode, outputName } from './explain-node.js'
import type { LogicalGraph, LogicalNode } from './node.js'

/** The graph step by step, then the plan task by task. */
export function drawText(graph: LogicalGraph, plan: ExecutionPlan): string {
  const subtasks = plan.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0)
  return [
    `job ${graph.jobName}`,
    '',
    'graph',
    ...table(graph.nodes.map((node) => [node.id, describeNode(node), readsOf(node)])),
    '',
    `plan: ${counted(plan.vertices.length, 'task')}, ${counted(subtasks, 'subtask')}, max parallelism ${plan.maxParallelism}`,
    ...plan.vertices.flatMap((vertex) => taskLines(vertex, plan)),
  ].join('\n')
}

function readsOf(node: LogicalNode): string {
  if (node.kind === 'source') return ''
  const reads = node.inputs.map(({ from, port, partitioning }) => {
    const output = outputName(from, port)
    return partitioning === 'forward' ? output : `${output} (${partitioning})`
  })
  return `<- ${reads.join(', ')}`
}

function taskLines(vertex: Vertex, plan: ExecutionPlan): readonly string[] {
  const chain = vertex.chain.map((node) => node.id).join(' -> ')
  return [
    `  task ${vertex.index}  ${chain}  x${vertex.parallelism}`,
    ...plan.edges.filter((edge) => edge.from === vertex.index).map((edge) => edgeLine(edge, vertex)),
  ]
}

function edgeLine(edge: PlanEdge, from: Vertex): string {
  const emitter = from.chain[edge.stage]!
  const output = edge.port === 0 ? '' : `${outputName(emitter, edge.port)} `
  return `    ${output}-> task ${edge.to}  ${edge.partitioning}`
}

/** Columns of one width, trailing space cut. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

function counted(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
