import { seconds } from 'tidemark'
import { fixedDelay, type JobResult, type RunOptions } from 'tidemark/run'
import { runUntil, type Stop } from '../run-part.js'
import type { Input } from './events.js'
import { goldenJob } from './job.js'
import { type Gate, pausedSource } from './paused-source.js'

export interface GoldenRun {
  readonly out: string
  readonly input: Input
  readonly options: RunOptions
  readonly stop?: Stop
  readonly pauseMs?: number
}

const BATCH = 61

/** One run of the golden job, to its end or to its savepoint. */
export function goldenRun({ out, input, options, stop, pauseMs = 0 }: GoldenRun): Promise<JobResult> {
  const build = (gate: Gate) =>
    goldenJob(out, {
      payments: pausedSource(input.payments, gate, { batch: BATCH, pauseMs }),
      rates: pausedSource([input.rates], gate, { batch: 1, pauseMs }),
    })
  return runUntil(build, { restart: fixedDelay({ attempts: 0, delay: seconds(1) }), ...options }, stop)
}
