import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../setup/bundled.js'
import { killAgainAndAgain, startChild } from '../killed.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectedResults, makeEvents } from './expected.js'
import type { ChildOptions } from './kill-child.js'
import { resultsIn } from './run-job.js'

const KILLS = IS_WHOLE ? 20 : 2
const EVENTS = 1000 * KILLS
/** Between two batches of a split: so long that the job has work left at every kill, also where it is slow. */
const PAUSE_MS = 500

describe(`a job of all patterns (seed ${SEED})`, () => {
  it.each(IS_WHOLE ? (['heap', 'disk'] as const) : [choices(SEED).one(['heap', 'disk'])])(
    'killed again and again loses nothing and doubles nothing, state on %s',
    { timeout: 60_000 + KILLS * 10_000 },
    async (state) => {
      const random = choices(SEED)
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-patterns-kills-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const module = await bundled('test/golden/patterns/kill-child.ts')
      const out = join(folder, 'out')
      const options = (pauseMs: number): ChildOptions => ({
        out,
        to: join(folder, 'checkpoints'),
        seed: SEED % 1_000_000,
        count: EVENTS,
        pauseMs,
        parallelism: random.one([1, 2, 3]),
        state,
      })
      await killAgainAndAgain({
        module,
        kills: KILLS,
        options: () => options(PAUSE_MS),
        watched: join(out, 'unique'),
        delayMs: () => random.between(0, 100),
      })
      expect(await startChild(module, options(0)).ended).toEqual({ code: 0, error: expect.any(String) })
      expect(await resultsIn(out)).toEqual(expectedResults(makeEvents(SEED % 1_000_000, EVENTS)))
    },
  )
})
