import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { messageOf } from '../../core/errors.js'
import type { LogicalGraph } from '../../core/graph/node.js'
import { OperatorMetrics } from '../observe/metrics.js'
import { withOperatorId } from '../task/stage.js'

export interface CommitterOptions {
  readonly environment: Environment
  readonly logger: Logger
  readonly parameters: Readonly<Record<string, unknown>>
  readonly lineage: string
  readonly generation: number
  /** Aborts when the job is cancelled; a graceful stop still commits. */
  readonly signal: AbortSignal
}

/** Committers of all sinks that have one, by sink id. */
export async function openCommitters(
  graph: LogicalGraph,
  options: CommitterOptions,
): Promise<ReadonlyMap<string, Committer>> {
  const committers = new Map<string, Committer>()
  for (const node of graph.nodes) {
    if (node.kind !== 'sink' || !node.sink.committer) continue
    const subtask = { index: 0, parallelism: 1 }
    try {
      const context = { ...options, operatorId: node.id, subtask, metrics: new OperatorMetrics() }
      committers.set(node.id, await node.sink.committer(context))
    } catch (error) {
      await closeCommitters(committers, options.logger)
      throw withOperatorId(error, node.id)
    }
  }
  return committers
}

/** Never rejects. */
export async function closeCommitters(committers: ReadonlyMap<string, Committer>, logger: Logger): Promise<void> {
  for (const [sink, committer] of committers) {
    try {
      await committer.close?.()
    } catch (error) {
      logger.warn('a committer could not be closed', { operator: sink, error: messageOf(error) })
    }
  }
}
