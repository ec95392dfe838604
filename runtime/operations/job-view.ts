import type { Environment } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import { finite, type JobProgress } from '../local/progress.js'
import type { ObservedJob } from '../observe/observed-job.js'
import { redactText } from '../observe/redact.js'
import type { JobView } from './contract.js'

export function viewOf(job: ObservedJob, progress: JobProgress, environment: Environment): JobView {
  const { watermark, checkpoints, operators } = progress
  return {
    job: job.name,
    status: progress.status,
    generation: progress.generation,
    restarts: job.restarts,
    failure: failureOf(job.failure),
    fingerprint: job.fingerprint,
    location: redactText(job.location),
    parallelism: Math.max(0, ...operators.map(({ parallelism }) => parallelism)),
    maxParallelism: job.maxParallelism,
    recordsRead: progress.recordsRead,
    watermark: watermark ?? null,
    watermarkLagMs: watermark === undefined ? null : (finite(environment.clock.now() - watermark) ?? null),
    checkpoints: { completed: checkpoints.completed, failed: checkpoints.failed, last: checkpoints.last ?? null },
    operators: operators.map((operator) => ({
      ...operator,
      details: operator.details ?? null,
      watermark: operator.watermark ?? null,
    })),
    longestTurnMs: progress.longestTurnMs,
  }
}

function failureOf(failure: unknown): JobView['failure'] {
  if (failure === undefined) return null
  if (failure instanceof TidemarkError) return { code: failure.code, message: redactText(failure.message) }
  return { code: 'JOB_FAILED', message: 'the log has it' }
}
