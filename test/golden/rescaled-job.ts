import { join } from 'node:path'
import { millis } from 'tidemark'
import { fixedDelay } from 'tidemark/run'
import { expect } from 'vitest'
import { folderOfTest } from './folder.js'
import type { GoldenJob } from './golden-job.js'
import { resultsIn } from './results-in.js'
import { runPart } from './run-part.js'
import { choices, IS_WHOLE, SEED } from './taxi/seeded.js'

export interface Rescaled {
  readonly state: 'heap' | 'disk'
  readonly seed: number
  /** Subtasks of a step, before and behind the savepoint. */
  readonly before: number
  readonly after: number
  readonly stopAt: number
  /** Of each part. */
  readonly failAt: readonly [number, number]
}

export interface RescaledRange {
  readonly parallelism: number
  /** Long behind the first failure, so that it never comes while the job restarts. */
  readonly stopAt: readonly [first: number, last: number]
}

/** On both kinds of state. */
export function rescaledCases({ parallelism, stopAt }: RescaledRange): Rescaled[] {
  const random = choices(SEED)
  return Array.from({ length: IS_WHOLE ? 20 : 1 }).flatMap(() =>
    (['heap', 'disk'] as const).map((state) => ({
      state,
      seed: random.between(1, 1_000_000),
      before: random.between(1, parallelism),
      after: random.between(1, parallelism),
      stopAt: random.between(...stopAt),
      failAt: [random.between(10, 100), random.between(10, 100)] as const,
    })),
  )
}

/** Fails, stops with a savepoint, goes on from it at another parallelism and fails again. */
export async function failedAndRescaled<I>(
  job: GoldenJob<I>,
  count: number,
  { state, seed, before, after, stopAt, failAt }: Rescaled,
): Promise<void> {
  const folder = await folderOfTest(job.name)
  const out = join(folder, 'out')
  const savepoint = join(folder, 'savepoint')
  const input = job.makeInput(seed, count)
  const options = (part: string) => ({
    state,
    restart: fixedDelay({ attempts: 1, delay: millis(1) }),
    checkpoints: { to: join(folder, part), interval: millis(40) },
  })
  const first = { ...options('first'), parallelism: before }
  const stop = { after: stopAt, savepoint }
  const stopped = await runPart(job, { out, input, options: first, failAt: failAt[0], stop })
  expect(stopped).toMatchObject({ status: 'stopped', progress: { generation: 2 } })
  const second = { ...options('second'), parallelism: after, from: savepoint }
  expect(await runPart(job, { out, input, options: second, failAt: failAt[1] })).toMatchObject({ status: 'finished' })
  const found = await resultsIn(out, job.results)
  expect(found).toEqual(job.expectedResults(input, found))
}
