import { describe, it } from 'vitest'
import { failedAndRescaled, rescaledCases } from '../rescaled-job.js'
import { SEED } from '../taxi/seeded.js'
import { windows } from './job.js'

const EVENTS = 1000

describe(`windows of all kinds (seed ${SEED})`, () => {
  it.each(rescaledCases({ parallelism: 4, stopAt: [400, EVENTS - 200] }))(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    (rescaled) => failedAndRescaled(windows, EVENTS, rescaled),
  )
})
