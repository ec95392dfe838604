import { type JobHandle, type RunOptions, run } from 'tidemark/run'
import { Gate, pausedSource } from '../jobs/paused-source.js'
import { type AsyncJobOptions, asyncJob, makeOrders } from './job.js'

interface Part extends AsyncJobOptions {
  readonly count: number
  readonly pauseMs: number
  readonly options: RunOptions
}

export function startPart({ count, pauseMs, options, ...job }: Part): Promise<JobHandle> {
  return run(asyncJob(pausedSource(makeOrders(count), new Gate(), { batch: 11, pauseMs }), job), options)
}
