import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JobResult, type RunOptions, run } from 'tidemark/run'
import { Gate, pausedSource } from '../jobs/paused-source.js'
import { type Event, RESULTS } from './expected.js'
import { windowsJob } from './job.js'

interface Part {
  readonly out: string
  readonly events: readonly (readonly Event[])[]
  readonly options: RunOptions
  /** Fails once, at the so many-th event. Default: never. */
  readonly failAt?: number
  /** Stops with a savepoint when so many events have been read. */
  readonly stop?: { readonly after: number; readonly savepoint: string }
  readonly pauseMs?: number
}

export async function runPart({ out, events, options, failAt = 0, stop, pauseMs = 1 }: Part): Promise<JobResult> {
  let onReached = (): void => {}
  const gate = new Gate(stop?.after, () => onReached())
  const job = windowsJob(out, pausedSource(events, gate, { batch: 37, pauseMs }), { at: failAt })
  const handle = await run(job, options)
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
