import { drawDot } from '../graph/explain-dot.js'
import { drawMermaid } from '../graph/explain-mermaid.js'
import { drawText } from '../graph/explain-text.js'
import type { LogicalGraph } from '../graph/node.js'
import { planOf } from '../graph/plan.js'
import type { Job } from './job.js'

export type ExplainFormat = 'text' | 'dot' | 'mermaid'

export interface ExplainOptions<P = unknown> {
  /** `text` for people, `dot` for Graphviz, `mermaid` for Markdown. Default `text`. */
  readonly format?: ExplainFormat
  readonly parallelism?: number
  readonly maxParallelism?: number
  /** Of a job that takes some. */
  readonly parameters?: P
}

/**
 * Draws a job: its steps, and the tasks that they become at a parallelism.
 * @example console.log(explain(job, { parallelism: 4 }))
 * @throws TidemarkError GRAPH_* for a graph that cannot run.
 */
export function explain<P>(job: Job<P> | LogicalGraph, options: ExplainOptions<P> = {}): string {
  // A job that takes no parameters builds from none; one that does reads what is missing as undefined.
  const graph = 'build' in job ? job.build(options.parameters ?? ({} as P)) : job
  const plan = planOf(graph, options)
  switch (options.format ?? 'text') {
    case 'dot':
      return drawDot(graph, plan)
    case 'mermaid':
      return drawMermaid(graph, plan)
    default:
      return drawText(graph, plan)
  }
}
