import { LARGEST_MAX_PARALLELISM } from '../state/key-groups.js'
import { graphError } from './graph-error.js'

/** @throws TidemarkError GRAPH_PARALLELISM_INVALID, naming `where` (an id, or the job). */
export function requireParallelism(parallelism: number, maxParallelism: number | undefined, where: string): void {
  const most = maxParallelism ?? LARGEST_MAX_PARALLELISM
  if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= most) return
  throw graphError(
    'GRAPH_PARALLELISM_INVALID',
    `${where}: parallelism ${String(parallelism)} is not a whole number from 1 to ${most}, ${
      maxParallelism === undefined ? 'the most there can be' : "the job's max parallelism"
    }`,
    where,
  )
}

/** @throws TidemarkError GRAPH_PARALLELISM_INVALID */
export function requireMaxParallelism(maxParallelism: number, jobName: string): void {
  if (Number.isInteger(maxParallelism) && maxParallelism >= 1 && maxParallelism <= LARGEST_MAX_PARALLELISM) return
  throw graphError(
    'GRAPH_PARALLELISM_INVALID',
    `job '${jobName}': max parallelism ${String(maxParallelism)} is not a whole number from 1 to ${LARGEST_MAX_PARALLELISM}`,
  )
}
