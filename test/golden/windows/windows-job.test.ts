import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from 'tidemark'
import { fixedDelay } from 'tidemark/run'
import { describe, expect, it, onTestFinished } from 'vitest'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectedResults, makeEvents } from './expected.js'
import { resultsIn, runPart } from './run-job.js'

const random = choices(SEED)
const EVENTS = 1500

const CASES = Array.from({ length: IS_WHOLE ? 20 : 1 }).flatMap(() =>
  (['heap', 'disk'] as const).map((state) => ({
    state,
    seed: random.between(1, 1_000_000),
    before: random.between(1, 5),
    after: random.between(1, 5),
    // Long behind the first failure, so that it never comes while the job restarts.
    stopAt: random.between(600, EVENTS - 200),
    failAt: [random.between(10, 100), random.between(10, 100)] as const,
  })),
)

describe(`windows of all kinds (seed ${SEED})`, () => {
  it.each(CASES)(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    async ({ state, seed, before, after, stopAt, failAt }) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-windows-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const out = join(folder, 'out')
      const savepoint = join(folder, 'savepoint')
      const events = makeEvents(seed, EVENTS)
      const options = (part: string) => ({
        state,
        restart: fixedDelay({ attempts: 1, delay: millis(1) }),
        checkpoints: { to: join(folder, part), interval: millis(40) },
      })
      const first = { ...options('first'), parallelism: before }
      const stop = { after: stopAt, savepoint }
      expect(await runPart({ out, events, options: first, failAt: failAt[0], stop })).toMatchObject({
        status: 'stopped',
      })
      const second = { ...options('second'), parallelism: after, from: savepoint }
      expect(await runPart({ out, events, options: second, failAt: failAt[1] })).toMatchObject({ status: 'finished' })
      expect(await resultsIn(out)).toEqual(expectedResults(events))
    },
  )
})
