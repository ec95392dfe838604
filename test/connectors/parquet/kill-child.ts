import { millis } from 'tidemark'
import { run } from 'tidemark/run'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'
import { inferredJob, splitsOf } from './inferred-job.js'

/** The job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly out: string
  readonly checkpoints: string
  readonly rows: number
  readonly parallelism: number
  /** Kills itself at so many rows, or, when it has read all but the last, this much later. Default: it runs to the end. */
  readonly kill?: { readonly row: number; readonly ms: number }
}

const { out, checkpoints, rows, parallelism, kill } = JSON.parse(process.argv[2] ?? '') as ChildOptions
const die = (): void => void process.kill(process.pid, 'SIGKILL')
const gate = new Gate(kill && rows - 300, () => kill && setTimeout(die, kill.ms))
let read = 0
const job = inferredJob(out, pausedSource(splitsOf(rows), gate, { batch: 20, pauseMs: 1 }), () => {
  if (++read === kill?.row) die()
})
const handle = await run(job, { parallelism, checkpoints: { to: checkpoints, resume: true, interval: millis(30) } })
process.stdout.write(`${(await handle.result).status}\n`)
