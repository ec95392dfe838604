import { millis } from 'tidemark'
import { exponentialDelay } from 'tidemark/run'
import { makeEvents } from './expected.js'
import { runPart } from './run-job.js'

/** The job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly out: string
  readonly to: string
  readonly seed: number
  readonly count: number
  readonly pauseMs: number
  readonly parallelism: number
  readonly state: 'heap' | 'disk'
}

const { out, to, seed, count, pauseMs, parallelism, state } = JSON.parse(process.argv[2] ?? '') as ChildOptions
const { status } = await runPart({
  out,
  events: makeEvents(seed, count),
  pauseMs,
  options: {
    parallelism,
    state,
    restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 20 }),
    checkpoints: { to, resume: true, interval: millis(50) },
  },
})
process.exitCode = status === 'finished' ? 0 : 1
