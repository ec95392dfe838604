/**
 * `starting`: a generation is being deployed and restored. `stopping`: the last checkpoint is on its way. `restarting`:
 * waiting for the next generation. The last four are final: `stopped` can be resumed, `finished` has nothing left.
 */
export type JobStatus =
  | 'created'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'restarting'
  | 'finished'
  | 'stopped'
  | 'failed'
  | 'cancelled'

/** Every legal transition of a job; any other is a bug. */
export const JOB_TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  created: ['starting', 'failed'],
  starting: ['running', 'restarting', 'finished', 'stopped', 'failed', 'cancelled'],
  running: ['stopping', 'restarting', 'finished', 'failed', 'cancelled'],
  stopping: ['stopped', 'finished', 'restarting', 'failed', 'cancelled'],
  restarting: ['starting', 'stopped', 'failed', 'cancelled'],
  finished: [],
  stopped: [],
  failed: [],
  cancelled: [],
}

export function isFinal(status: JobStatus): boolean {
  return JOB_TRANSITIONS[status].length === 0
}
