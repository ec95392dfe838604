import type { JobStatus } from '../coordinator/job-status.js'
import type { JobProgress } from '../local/progress.js'
import type { SavepointView } from './contract.js'

/** What the operations server does with a job; a `JobHandle` is one. */
export interface Operable {
  readonly status: JobStatus
  progress(): JobProgress
  savepoint(options?: { readonly to?: string }): Promise<SavepointView>
  /** Resolves when the job has ended. */
  stop(options?: OperableStop): Promise<OperableResult>
}

export interface OperableStop {
  readonly drain?: false | 'now' | 'atTip'
  readonly savepoint?: true | string
}

export interface OperableResult {
  readonly status: 'finished' | 'stopped' | 'cancelled'
  readonly savepoint?: SavepointView
}
