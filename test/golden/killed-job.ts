import { join } from 'node:path'
import { expect } from 'vitest'
import { bundled } from '../setup/bundled.js'
import { folderOfTest } from './folder.js'
import type { GoldenJob } from './golden-job.js'
import { killAgainAndAgain, startChild } from './killed.js'
import { resultsIn } from './results-in.js'
import type { ChildOptions, GoldenChild } from './resumed-child.js'
import { choices, IS_WHOLE, SEED } from './taxi/seeded.js'

/** What a killed job keeps its state on: one of them in the sample. */
export const STATES = IS_WHOLE ? (['heap', 'disk'] as const) : [choices(SEED).one(['heap', 'disk'])]

export interface KilledJob {
  readonly state: 'heap' | 'disk'
  readonly kills: number
  /** Between two batches of a split: so long that the job has work left at every kill, also where it is slow. */
  readonly pauseMs: number
  /** The result whose files show that there was another checkpoint. */
  readonly watched: string
}

/** Kills a job again and again, lets it end, and compares what it has written. `count` is the input's. */
export async function killedAgainAndAgain<I>(
  job: GoldenJob<I>,
  { count, ...killed }: KilledJob & { readonly count: number },
): Promise<void> {
  const seed = SEED % 1_000_000
  const out = await killedAndEnded<GoldenChild>(job.name, { ...killed, own: { seed, count } })
  const found = await resultsIn(out, job.results)
  expect(found).toEqual(job.expectedResults(job.makeInput(seed, count), found))
}

/**
 * The processes are of the `kill-child.ts` in the folder of that name; `own` is what they are told beside the rest.
 * @returns where the results are
 */
export async function killedAndEnded<O extends object>(
  name: string,
  { state, kills, pauseMs, watched, own }: KilledJob & { readonly own: O },
): Promise<string> {
  const random = choices(SEED)
  const folder = await folderOfTest(`${name}-kills`)
  const module = await bundled(`test/golden/${name}/kill-child.ts`)
  const out = join(folder, 'out')
  const options = (pause: number): ChildOptions & O => ({
    ...own,
    out,
    to: join(folder, 'checkpoints'),
    pauseMs: pause,
    parallelism: random.one([1, 2, 3]),
    state,
  })
  await killAgainAndAgain({
    module,
    kills,
    options: () => options(pauseMs),
    watched: join(out, watched),
    delayMs: () => random.between(0, 100),
  })
  expect(await startChild(module, options(0)).ended).toEqual({ code: 0, signal: null, error: expect.any(String) })
  return out
}
