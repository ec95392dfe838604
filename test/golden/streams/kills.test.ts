import { describe, it } from 'vitest'
import { killedAgainAndAgain, STATES } from '../killed-job.js'
import { IS_WHOLE, SEED } from '../taxi/seeded.js'
import { streams } from './job.js'

const KILLS = IS_WHOLE ? 20 : 2
const EVENTS = 1000 * KILLS

describe(`a job of all ways to subtasks, with sources in a group (seed ${SEED})`, () => {
  it.each(STATES)(
    'killed again and again loses nothing and doubles nothing, state on %s',
    { timeout: 60_000 + KILLS * 10_000 },
    (state) =>
      killedAgainAndAgain(streams, { state, kills: KILLS, count: EVENTS, pauseMs: 500, watched: 'rebalanced' }),
  )
})
