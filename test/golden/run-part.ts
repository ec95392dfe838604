import type { Job, Source } from 'tidemark'
import { type JobResult, type RunOptions, run } from 'tidemark/run'
import type { GoldenJob, Splits } from './golden-job.js'
import { Gate, pausedSource } from './jobs/paused-source.js'

/** With a savepoint, when so many values have been read. */
export interface Stop {
  readonly after: number
  readonly savepoint: string
}

interface Part<I> {
  readonly out: string
  readonly input: I
  readonly options: RunOptions
  /** Fails once, at the so many-th value that the job looks at. Default: never. */
  readonly failAt?: number
  readonly stop?: Stop
  readonly pauseMs?: number
}

/** A run of a job, to its end or to its savepoint. */
export function runPart<I>(
  job: GoldenJob<I>,
  { out, input, options, failAt, stop, pauseMs = 1 }: Part<I>,
): Promise<JobResult> {
  const failOnce = failingAt(failAt)
  const build = (gate: Gate): Job => {
    const source = <T>(splits: Splits<T>): Source<T> => pausedSource(splits, gate, { batch: 37, pauseMs })
    return job.build({ out, input, source, failOnce })
  }
  return runUntil(build, options, stop)
}

/** The job's sources pause together, at the gate. */
export async function runUntil(build: (gate: Gate) => Job, options: RunOptions, stop?: Stop): Promise<JobResult> {
  let onReached = (): void => {}
  const gate = new Gate(stop?.after, () => onReached())
  const handle = await run(build(gate), options)
  if (stop) onReached = () => void handle.stop({ savepoint: stop.savepoint }).catch(() => undefined)
  if (gate.isClosed) onReached()
  return handle.result
}

function failingAt(value = 0): <T>(value: T) => T {
  let left = value
  return (passed) => {
    if (--left === 0) throw new Error('as the test wants it')
    return passed
  }
}
