import type { Observable } from 'rxjs'
import type { CompletedCheckpoint } from '../coordinator/checkpoint-coordinator.js'
import type { JobStatus } from '../coordinator/job-status.js'
import type { Savepoint } from '../coordinator/savepoint.js'
import type { JobProgress } from './progress.js'

export interface JobResult {
  /** `finished`: all input was worked off. `stopped`: can be resumed. `cancelled`: as a failure would leave it. */
  readonly status: 'finished' | 'stopped' | 'cancelled'
  /** As of the end. */
  readonly progress: JobProgress
  /** Where a stop was asked for one. */
  readonly savepoint?: Savepoint
}

export interface StopOptions {
  /**
   * Ends the input before the last checkpoint: watermarks reach the maximum, all event-time windows fire. `now` ends
   * sources where they are, `atTip` lets them first read what is there. Default false: windows stay open in the
   * checkpoint, for a resume.
   */
  readonly drain?: false | 'now' | 'atTip'
  /**
   * Takes a savepoint last: into an empty folder or URL, or (`true`) below the place of the checkpoints. The stop is over
   * when what it covers is committed.
   */
  readonly savepoint?: true | string
}

/** A job that runs. */
export interface JobHandle {
  readonly status: JobStatus
  /** The current status and each later one; completes with the job, also when it fails. */
  readonly status$: Observable<JobStatus>
  /** Counters a second while subscribed, and once more at the end. */
  readonly progress$: Observable<JobProgress>
  progress(): JobProgress
  /** Where the operations server listens, when there is one. */
  readonly operationsUrl: string | undefined
  /** Resolves at the end; rejects with the TidemarkError that ended a job that failed. */
  readonly result: Promise<JobResult>
  /** Takes a last checkpoint, commits what it covers, and ends. Resolves like `result`. */
  stop(options?: StopOptions): Promise<JobResult>
  /** Ends at once, without a checkpoint. */
  cancel(): Promise<JobResult>
  /** Takes a checkpoint now. Rejects when it does not complete. */
  checkpoint(): Promise<CompletedCheckpoint>
  /**
   * Takes a savepoint now, into an empty folder or URL; default: below the place of the checkpoints. The job goes on.
   * Rejects when it does not complete.
   */
  savepoint(options?: { readonly to?: string }): Promise<Savepoint>
}
