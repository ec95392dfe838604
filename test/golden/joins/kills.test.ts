import { describe, it } from 'vitest'
import { killedAgainAndAgain, STATES } from '../killed-job.js'
import { IS_WHOLE, SEED } from '../taxi/seeded.js'
import { joins } from './job.js'

const KILLS = IS_WHOLE ? 20 : 1
/** Of each side. */
const RECORDS = 500 * (KILLS + 1)

describe(`a job of all joins (seed ${SEED})`, () => {
  it.each(STATES)(
    'killed again and again loses nothing and doubles nothing, dead letters too, state on %s',
    { timeout: 60_000 + KILLS * 10_000 },
    (state) => killedAgainAndAgain(joins, { state, kills: KILLS, count: RECORDS, pauseMs: 2000, watched: 'near' }),
  )
})
