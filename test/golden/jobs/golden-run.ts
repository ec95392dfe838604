import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seconds } from 'tidemark'
import { fixedDelay, type JobResult, type RunOptions, run } from 'tidemark/run'
import type { Input } from './events.js'
import { goldenJob, RESULTS } from './job.js'
import { Gate, pausedSource } from './paused-source.js'

export interface GoldenRun {
  readonly out: string
  readonly input: Input
  readonly options: RunOptions
  /** Stops with a savepoint when so many values have been read, or ends before. */
  readonly stop?: { readonly after: number; readonly savepoint: string }
  readonly pauseMs?: number
}

const BATCH = 61

/** One run of the golden job, to its end or to its savepoint. */
export async function goldenRun({ out, input, options, stop, pauseMs = 0 }: GoldenRun): Promise<JobResult> {
  let onReached = (): void => {}
  const gate = new Gate(stop?.after, () => onReached())
  const sources = {
    payments: pausedSource(input.payments, gate, { batch: BATCH, pauseMs }),
    rates: pausedSource([input.rates], gate, { batch: 1, pauseMs }),
  }
  const handle = await run(goldenJob(out, sources), {
    restart: fixedDelay({ attempts: 0, delay: seconds(1) }),
    ...options,
  })
  if (stop) onReached = () => void handle.stop({ savepoint: stop.savepoint }).catch(() => undefined)
  if (gate.isClosed) onReached()
  return handle.result
}

/** Every line that is visible, sorted, by result. */
export async function resultsIn(out: string): Promise<Record<string, readonly string[]>> {
  const results: Record<string, readonly string[]> = {}
  for (const name of RESULTS) {
    const files = await readdir(join(out, name)).catch(() => [])
    const texts = await Promise.all(
      files.filter((file) => file.endsWith('.jsonl')).map((file) => readFile(join(out, name, file), 'utf8')),
    )
    results[name] = texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
  }
  return results
}
