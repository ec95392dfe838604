import { describe, it } from 'vitest'
import { failedAndRescaled, rescaledCases } from '../rescaled-job.js'
import { SEED } from '../taxi/seeded.js'
import { patterns } from './job.js'

const EVENTS = 1500

describe(`patterns (seed ${SEED})`, () => {
  it.each(rescaledCases({ parallelism: 5, stopAt: [600, EVENTS - 200] }))(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    (rescaled) => failedAndRescaled(patterns, EVENTS, rescaled),
  )
})
