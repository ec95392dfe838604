import type { CompletedCheckpoint } from '../coordinator/checkpoint-coordinator.js'
import type { JobStatus } from '../coordinator/job-status.js'
import type { OperatorReading, TaskReading } from '../local/execution.js'

/** A running job as metrics and the operations server see it. Everything is read when somebody looks. */
export interface ObservedJob {
  readonly name: string
  /** One word. */
  readonly fingerprint: string
  /** Where its checkpoints are. */
  readonly location: string
  readonly status: JobStatus
  readonly generation: number
  readonly restarts: number
  readonly maxParallelism: number
  /** What broke the last generation that failed. */
  readonly failure: unknown
  readonly checkpoints: {
    readonly completed: number
    readonly failed: number
    readonly last: CompletedCheckpoint | undefined
  }
  readonly turns: EventLoopTurns
  /** Of each subtask of each operator; empty while no generation is deployed. */
  operators(): readonly OperatorReading[]
  tasks(): readonly TaskReading[]
}

/** How long tasks held the event loop, garbage collection included. */
export interface EventLoopTurns {
  readonly count: number
  readonly totalMs: number
  readonly longestMs: number
}
