import type { ExecutionPlan } from './execution-plan.js'
import { describeNode, edgeLabel } from './explain-node.js'
import type { LogicalGraph } from './node.js'
import { edgesBetweenNodes } from './node-edges.js'

/** For Markdown: steps as boxes, tasks as subgraphs around them. */
export function drawMermaid(graph: LogicalGraph, plan: ExecutionPlan): string {
  return [
    `%% job ${graph.jobName}`,
    'flowchart LR',
    ...plan.vertices.flatMap((vertex) => [
      `  subgraph task${vertex.index}["task ${vertex.index}, x${vertex.parallelism}"]`,
      ...vertex.chain.map((node) => `    n${node.index}["${escaped(node.id)}<br>${escaped(describeNode(node))}"]`),
      '  end',
    ]),
    ...edgesBetweenNodes(plan).map(({ from, port, to, partitioning }) => {
      const label = edgeLabel(from, port, partitioning)
      return `  n${from.index} -->${label === '' ? '' : `|"${escaped(label)}"|`} n${to.index}`
    }),
  ].join('\n')
}

/** Mermaid's own escapes: a quote would end the label, and markup would be taken as such. */
function escaped(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')
}
