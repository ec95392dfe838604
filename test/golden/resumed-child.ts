import { millis } from 'tidemark'
import { exponentialDelay, type JobResult, type RunOptions } from 'tidemark/run'
import type { GoldenJob } from './golden-job.js'
import { runPart } from './run-part.js'

/** A job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly out: string
  readonly to: string
  readonly pauseMs: number
  readonly parallelism: number
  readonly state: 'heap' | 'disk'
}

export interface GoldenChild {
  readonly seed: number
  readonly count: number
}

/** This process is the child: its options are those that it was started with. */
export async function runChild<O>(
  runJob: (own: ChildOptions & O, options: RunOptions) => Promise<JobResult>,
): Promise<void> {
  const own = JSON.parse(process.argv[2] ?? '') as ChildOptions & O
  const { status } = await runJob(own, {
    parallelism: own.parallelism,
    state: own.state,
    restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 20 }),
    checkpoints: { to: own.to, resume: true, interval: millis(50) },
  })
  process.exitCode = status === 'finished' ? 0 : 1
}

export const runGoldenChild = <I>(job: GoldenJob<I>): Promise<void> =>
  runChild<GoldenChild>(({ out, seed, count, pauseMs }, options) =>
    runPart(job, { out, input: job.makeInput(seed, count), options, pauseMs }),
  )
