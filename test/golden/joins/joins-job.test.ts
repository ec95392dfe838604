import { describe, it } from 'vitest'
import { failedAndRescaled, rescaledCases } from '../rescaled-job.js'
import { SEED } from '../taxi/seeded.js'
import { joins } from './job.js'

const RECORDS = 1500

describe(`joins (seed ${SEED})`, () => {
  it.each(rescaledCases({ parallelism: 5, stopAt: [1000, 2 * RECORDS - 200] }))(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    (rescaled) => failedAndRescaled(joins, RECORDS, rescaled),
  )
})
