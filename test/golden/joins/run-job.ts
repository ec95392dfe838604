import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JobResult, type RunOptions, run } from 'tidemark/run'
import { Gate, pausedSource } from '../jobs/paused-source.js'
import type { Input } from './expected.js'
import { joinsJob, RESULTS } from './job.js'

export interface Part {
  readonly out: string
  readonly input: Input
  readonly options: RunOptions
  /** Fails once, at the so many-th offer. Default: never. */
  readonly failAt?: number
  /** Stops with a savepoint when so many values have been read. */
  readonly stop?: { readonly after: number; readonly savepoint: string }
  readonly pauseMs?: number
}

export async function runPart({ out, input, options, failAt = 0, stop, pauseMs = 1 }: Part): Promise<JobResult> {
  let onReached = (): void => {}
  const gate = new Gate(stop?.after, () => onReached())
  const pace = { batch: 37, pauseMs }
  const sources = {
    offers: pausedSource(input.offers, gate, pace),
    prices: pausedSource(input.prices, gate, pace),
  }
  const handle = await run(joinsJob(out, sources, { at: failAt }), options)
  if (stop) onReached = () => void handle.stop({ savepoint: stop.savepoint }).catch(() => undefined)
  if (gate.isClosed) onReached()
  return handle.result
}

/** Every line that is visible, sorted, by result. */
export async function resultsIn(out: string): Promise<Record<string, readonly string[]>> {
  const results: Record<string, readonly string[]> = {}
  for (const name of RESULTS) {
    const files = (await readdir(join(out, name)).catch(() => [])).filter((file) => file.endsWith('.jsonl'))
    const texts = await Promise.all(files.map((file) => readFile(join(out, name, file), 'utf8')))
    results[name] = texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
  }
  return results
}
