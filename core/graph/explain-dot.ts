import type { ExecutionPlan } from './execution-plan.js'
import { describeNode, edgeLabel } from './explain-node.js'
import type { LogicalGraph } from './node.js'
import { edgesBetweenNodes } from './node-edges.js'

/** For Graphviz: steps as boxes, tasks as clusters around them. */
export function drawDot(graph: LogicalGraph, plan: ExecutionPlan): string {
  return [
    `digraph ${quoted(graph.jobName)} {`,
    '  rankdir=LR',
    '  node [shape=box]',
    ...plan.vertices.flatMap((vertex) => [
      `  subgraph cluster_${vertex.index} {`,
      `    label=${quoted(`task ${vertex.index}, x${vertex.parallelism}`)}`,
      ...vertex.chain.map((node) => `    ${quoted(node.id)} [label=${quoted(`${node.id}\n${describeNode(node)}`)}]`),
      '  }',
    ]),
    ...edgesBetweenNodes(plan).map(({ from, port, to, partitioning }) => {
      const label = edgeLabel(from, port, partitioning)
      return `  ${quoted(from.id)} -> ${quoted(to.id)}${label === '' ? '' : ` [label=${quoted(label)}]`}`
    }),
    '}',
  ].join('\n')
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
