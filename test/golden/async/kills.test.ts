import { describe, it } from 'vitest'
import { killedAndEnded } from '../killed-job.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectEachOnce } from './each-once.js'
import type { AsyncChild } from './kill-child.js'
import { startService } from './service.js'

const KILLS = IS_WHOLE ? 10 : 2
const ORDERS = 300 * KILLS
const ALL = (['heap', 'disk'] as const).flatMap((state) => [true, false].map((isOrdered) => ({ state, isOrdered })))
const chosen = choices(SEED).between(0, ALL.length - 1)
const CASES = IS_WHOLE ? ALL : ALL.slice(chosen, chosen + 1)

describe(`a job that calls a service which times out, fails and answers twice (seed ${SEED})`, () => {
  it.each(CASES)(
    'has one result for each record when it is killed again and again, state on $state, ordered: $isOrdered',
    { timeout: 60_000 + KILLS * 10_000 },
    async ({ state, isOrdered }) => {
      const { url } = await startService(SEED)
      const own: AsyncChild = { url, count: ORDERS, isOrdered, timeoutMs: 1000 }
      const out = await killedAndEnded('async', { state, kills: KILLS, pauseMs: 2000, watched: 'answers', own })
      await expectEachOnce(out, ORDERS)
    },
  )
})
