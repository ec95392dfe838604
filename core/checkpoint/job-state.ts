import type { InputState } from './manifest.js'

export interface CheckpointRef {
  readonly id: number
  readonly generation: number
  readonly input: InputState
  /** Of the manifest. */
  readonly length: number
  readonly crc32: number
}

/** The savepoint that a job's storage began with. */
export interface SavepointOrigin {
  readonly location: string
  readonly id: number
  /** It belongs to the job, which deletes it when its first checkpoint is complete. */
  readonly isClaimed: boolean
}

/** All that is decided about a job. Each entry of the job's log carries the whole of it, as of that entry. */
export interface JobState {
  readonly job: string
  /** New at every start except recovery and resume. */
  readonly lineage: string
  readonly maxParallelism: number
  /** When the job first started, epoch milliseconds; absent in logs that began before it was kept. */
  readonly createdAt?: number | undefined
  /** Of the latest claim. */
  readonly generation: number
  /** When that was, epoch milliseconds; absent in logs that began before it was kept. */
  readonly claimedAt?: number | undefined
  /** Completed and not yet subsumed, oldest first. */
  readonly checkpoints: readonly CheckpointRef[]
  /** Output of checkpoints up to this id is visible; 0: none. */
  readonly committed: number
  /** Undefined: the job began with nothing. */
  readonly origin?: SavepointOrigin | undefined
}

/** What an entry adds to the one before it. */
export type JobEvent =
  | {
      readonly kind: 'created'
      readonly job: string
      readonly lineage: string
      readonly maxParallelism: number
      readonly origin?: SavepointOrigin | undefined
      readonly at?: number
    }
  /** `at`: what the clock of the process that claims it says. */
  | { readonly kind: 'generation'; readonly at?: number }
  | { readonly kind: 'checkpoint'; readonly checkpoint: CheckpointRef; readonly retain: number }
  | { readonly kind: 'committed'; readonly checkpoint: number }

/** The state after an event. Performs no I/O. */
export function applyEvent(state: JobState | undefined, event: JobEvent): JobState {
  if (event.kind === 'created') {
    const { job, lineage, maxParallelism, origin, at = 0 } = event
    const begun = {
      job,
      lineage,
      maxParallelism,
      createdAt: at,
      generation: 1,
      claimedAt: at,
      checkpoints: [],
      committed: 0,
    }
    return origin ? { ...begun, origin } : begun
  }
  if (!state) throw new RangeError(`a job's log begins with 'created', not with '${event.kind}'`)
  switch (event.kind) {
    case 'generation':
      return { ...state, generation: state.generation + 1, claimedAt: claimTime(state, event.at ?? 0) }
    case 'checkpoint': {
      const all = [...state.checkpoints, event.checkpoint]
      // What is not committed yet is still needed, however many there are.
      const kept = all.filter(({ id }, index) => index >= all.length - event.retain || id > state.committed)
      return { ...state, checkpoints: kept }
    }
    case 'committed':
      return { ...state, committed: Math.max(state.committed, event.checkpoint) }
  }
}

const LEAST_APART_MS = 1000

/** Clocks differ and go back; what is derived from the times of two generations must not. */
function claimTime({ claimedAt }: JobState, now: number): number {
  return claimedAt === undefined ? now : Math.max(now, claimedAt + LEAST_APART_MS)
}
