import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from 'tidemark'
import { fixedDelay } from 'tidemark/run'
import { describe, expect, it, onTestFinished } from 'vitest'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectedResults, makeInput } from './expected.js'
import { resultsIn, runPart } from './run-job.js'

const random = choices(SEED)
const EVENTS = 800

const CASES = Array.from({ length: IS_WHOLE ? 20 : 1 }).flatMap(() =>
  (['heap', 'disk'] as const).map((state) => ({
    state,
    seed: random.between(1, 1_000_000),
    before: random.between(1, 4),
    after: random.between(1, 4),
    // Long behind the first failure, so that it never comes while the job restarts.
    stopAt: random.between(400, EVENTS - 200),
    failAt: [random.between(10, 100), random.between(10, 100)] as const,
  })),
)

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tidemark-streams-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

describe(`streams (seed ${SEED})`, () => {
  it('go whole over every way to subtasks, one by one', { timeout: 120_000 }, async () => {
    const out = await folder()
    const input = makeInput(SEED % 1_000_000, EVENTS)
    const options = { parallelism: random.between(1, 4), checkpoints: { to: join(out, 'checkpoints') } }
    expect(await runPart({ out, input, options, pauseMs: 0 })).toMatchObject({ status: 'finished' })
    expect(await resultsIn(out)).toEqual(expectedResults(input))
  })

  it.each(CASES)(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every record once, $state (#$seed)',
    { timeout: 120_000 },
    async ({ state, seed, before, after, stopAt, failAt }) => {
      const place = await folder()
      const out = join(place, 'out')
      const savepoint = join(place, 'savepoint')
      const input = makeInput(seed, EVENTS)
      const options = (part: string) => ({
        state,
        restart: fixedDelay({ attempts: 1, delay: millis(1) }),
        checkpoints: { to: join(place, part), interval: millis(40) },
      })
      const first = { ...options('first'), parallelism: before }
      const stop = { after: stopAt, savepoint }
      expect(await runPart({ out, input, options: first, failAt: failAt[0], stop })).toMatchObject({
        status: 'stopped',
      })
      const second = { ...options('second'), parallelism: after, from: savepoint }
      expect(await runPart({ out, input, options: second, failAt: failAt[1] })).toMatchObject({ status: 'finished' })
      expect(await resultsIn(out)).toEqual(expectedResults(input))
    },
  )
})
