import { TidemarkError } from '../errors.js'
import type { CheckpointRef, JobState, SavepointOrigin } from './job-state.js'
import type { CheckpointManifest } from './manifest.js'

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
  /** To start from. */
  readonly savepoint?: { readonly manifest: CheckpointManifest; readonly origin: SavepointOrigin } | undefined
}

export type RecoveryDecision =
  /** Create the log. */
  | { readonly kind: 'start'; readonly origin: SavepointOrigin | undefined }
  /** Claim the next generation, commit, then run from the checkpoint (none: from the beginning). */
  | {
      readonly kind: 'restore'
      readonly from: CheckpointRef | SavepointOrigin | undefined
      readonly commitFirst: readonly CheckpointRef[]
    }
  /** The job has ended: claim, commit what is open, done. */
  | { readonly kind: 'complete'; readonly commitFirst: readonly CheckpointRef[] }

/**
 * What a start has to do. Performs no I/O.
 * @throws TidemarkError for what is refused: CHECKPOINTS_EXIST, CHECKPOINTS_OF_OTHER_JOB, MAX_PARALLELISM_CHANGED,
 * SAVEPOINT_DRAINED, CHECKPOINT_MISSING
 */
export function resolve(facts: RecoveryFacts): RecoveryDecision {
  const { state, job, location } = facts
  if (!state) return start(facts)
  if (facts.mode === 'fresh') {
    throw refusal(
      'CHECKPOINTS_EXIST',
      `${location} holds checkpoints of job '${state.job}': resume from them, or choose an empty place`,
    )
  }
  requireSame(facts, { holder: location, ...state })
  const commitFirst = state.checkpoints.filter(({ id }) => id > state.committed)
  const from = state.checkpoints.at(-1)
  if (from?.input === 'finished' || (from?.input === 'drained' && !facts.resumeDrained)) {
    return { kind: 'complete', commitFirst }
  }
  if (from === undefined && state.committed > (state.origin?.id ?? 0)) {
    throw refusal(
      'CHECKPOINT_MISSING',
      `${location}: checkpoint ${state.committed} of job '${job}' was committed, but the log names no checkpoint any more: ` +
        'starting empty would repeat its output; restore a savepoint into an empty place',
    )
  }
  return { kind: 'restore', from: from ?? state.origin, commitFirst }
}

function start({ savepoint, resumeDrained, ...facts }: RecoveryFacts): RecoveryDecision {
  if (savepoint === undefined) return { kind: 'start', origin: undefined }
  const { manifest, origin } = savepoint
  requireSame({ savepoint, resumeDrained, ...facts }, { holder: `savepoint ${origin.location}`, ...manifest })
  if (manifest.input !== 'open' && !resumeDrained) {
    throw refusal(
      'SAVEPOINT_DRAINED',
      `savepoint ${origin.location} was taken at the end of a ${manifest.input} input, all windows have fired: ` +
        'restore it with resumeDrained if the job is to go on behind that',
    )
  }
  return { kind: 'start', origin }
}

function requireSame(
  { job, maxParallelism }: RecoveryFacts,
  stored: { readonly holder: string; readonly job: string; readonly maxParallelism: number },
): void {
  const { holder } = stored
  if (stored.job !== job) {
    throw refusal('CHECKPOINTS_OF_OTHER_JOB', `${holder} holds checkpoints of job '${stored.job}', not of '${job}'`)
  }
  if (maxParallelism !== undefined && maxParallelism !== stored.maxParallelism) {
    throw refusal(
      'MAX_PARALLELISM_CHANGED',
      `job '${job}' was started with maxParallelism ${stored.maxParallelism} (${holder}), now it is ${maxParallelism}: ` +
        'it is fixed at the first start, because keys are stored by key group',
    )
  }
}

function refusal(code: string, message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message })
}
