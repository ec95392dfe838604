import { TidemarkError } from '../errors.js'
import type { CheckpointRef, JobState } from './job-state.js'

/** `fresh` refuses a storage that holds a job, `resume` starts fresh where there is none. */
export type StartMode = 'fresh' | 'resume'

export interface RecoveryFacts {
  /** The newest entry of the job's log; undefined: there is no log. */
  readonly state: JobState | undefined
  readonly mode: StartMode
  readonly job: string
  /** As configured; undefined: whatever the job started with. */
  readonly maxParallelism: number | undefined
  /** Go on behind a drain, as if its end of input had not been. */
  readonly resumeDrained: boolean
  readonly location: string
}

export type RecoveryDecision =
  /** Nothing to restore: create the log. */
  | { readonly kind: 'start' }
  /** Claim the next generation, commit, then run from the checkpoint (none: from the beginning). */
  | {
      readonly kind: 'restore'
      readonly from: CheckpointRef | undefined
      readonly commitFirst: readonly CheckpointRef[]
    }
  /** The job has ended: claim, commit what is open, done. */
  | { readonly kind: 'complete'; readonly commitFirst: readonly CheckpointRef[] }

/**
 * What a start has to do. Performs no I/O.
 * @throws TidemarkError for what is refused: CHECKPOINTS_EXIST, CHECKPOINTS_OF_OTHER_JOB, MAX_PARALLELISM_CHANGED.
 */
export function resolve(facts: RecoveryFacts): RecoveryDecision {
  const { state, job, location } = facts
  if (!state) return { kind: 'start' }
  if (facts.mode === 'fresh') {
    throw refusal(
      'CHECKPOINTS_EXIST',
      `${location} holds checkpoints of job '${state.job}': resume from them, or choose an empty place`,
    )
  }
  if (state.job !== job) {
    throw refusal('CHECKPOINTS_OF_OTHER_JOB', `${location} holds checkpoints of job '${state.job}', not of '${job}'`)
  }
  if (facts.maxParallelism !== undefined && facts.maxParallelism !== state.maxParallelism) {
    throw refusal(
      'MAX_PARALLELISM_CHANGED',
      `job '${job}' was started with maxParallelism ${state.maxParallelism}, now it is ${facts.maxParallelism}: ` +
        'it is fixed at the first start, because keys are stored by key group',
    )
  }
  const commitFirst = state.checkpoints.filter(({ id }) => id > state.committed)
  const from = state.checkpoints.at(-1)
  if (from?.input === 'finished' || (from?.input === 'drained' && !facts.resumeDrained)) {
    return { kind: 'complete', commitFirst }
  }
  return { kind: 'restore', from, commitFirst }
}

function refusal(code: string, message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message })
}
