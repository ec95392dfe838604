import { describe, it } from 'vitest'
import { failedAndRescaled, rescaledCases } from '../rescaled-job.js'
import { SEED } from '../taxi/seeded.js'
import { joins } from './job.js'

/** Of each side: the last strays are behind every savepoint. */
const RECORDS = 1000

describe(`joins (seed ${SEED})`, () => {
  it.each(rescaledCases({ parallelism: 4, stopAt: [600, 1200] }))(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    (rescaled) => failedAndRescaled(joins, RECORDS, rescaled),
  )
})
