import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../setup/bundled.js'
import { killAgainAndAgain, startChild } from '../killed.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import type { ChildOptions } from './kill-child.js'
import { expectEachOnce } from './run-job.js'
import { startService } from './service.js'

const KILLS = IS_WHOLE ? 10 : 2
const ORDERS = 300 * KILLS
/** Between two batches of a split: so long that the job has work left at every kill, also where it is slow. */
const PAUSE_MS = 2000
const ALL = (['heap', 'disk'] as const).flatMap((state) => [true, false].map((isOrdered) => ({ state, isOrdered })))
const chosen = choices(SEED).between(0, ALL.length - 1)
const CASES = IS_WHOLE ? ALL : ALL.slice(chosen, chosen + 1)

describe(`a job that calls a service which times out, fails and answers twice (seed ${SEED})`, () => {
  it.each(CASES)(
    'has one result for each record when it is killed again and again, state on $state, ordered: $isOrdered',
    { timeout: 60_000 + KILLS * 10_000 },
    async ({ state, isOrdered }) => {
      const random = choices(SEED)
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-async-kills-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const service = await startService(SEED)
      const module = await bundled('test/golden/async/kill-child.ts')
      const out = join(folder, 'out')
      const options = (pauseMs: number): ChildOptions => ({
        out,
        to: join(folder, 'checkpoints'),
        url: service.url,
        count: ORDERS,
        pauseMs,
        parallelism: random.one([1, 2, 3]),
        isOrdered,
        timeoutMs: 1000,
        state,
      })
      await killAgainAndAgain({
        module,
        kills: KILLS,
        options: () => options(PAUSE_MS),
        watched: join(out, 'answers'),
        delayMs: () => random.between(0, 100),
      })
      expect(await startChild(module, options(0)).ended).toEqual({ code: 0, error: expect.any(String) })
      await expectEachOnce(out, ORDERS)
    },
  )
})
