import { millis } from 'tidemark'
import { exponentialDelay } from 'tidemark/run'
import { startPart } from './run-job.js'

/** The job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly out: string
  readonly to: string
  readonly url: string
  readonly count: number
  readonly pauseMs: number
  readonly parallelism: number
  readonly isOrdered: boolean
  readonly timeoutMs: number
  readonly state: 'heap' | 'disk'
}

const { to, parallelism, state, ...part } = JSON.parse(process.argv[2] ?? '') as ChildOptions
const handle = await startPart({
  ...part,
  options: {
    parallelism,
    state,
    restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 20 }),
    checkpoints: { to, resume: true, interval: millis(50) },
  },
})
const { status } = await handle.result
process.exitCode = status === 'finished' ? 0 : 1
