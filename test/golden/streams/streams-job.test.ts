import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOfTest } from '../folder.js'
import { failedAndRescaled, rescaledCases } from '../rescaled-job.js'
import { resultsIn } from '../results-in.js'
import { runPart } from '../run-part.js'
import { choices, SEED } from '../taxi/seeded.js'
import { streams } from './job.js'

const EVENTS = 800

describe(`streams (seed ${SEED})`, () => {
  it('go whole over every way to subtasks, one by one', { timeout: 120_000 }, async () => {
    const out = await folderOfTest('streams')
    const input = streams.makeInput(SEED % 1_000_000, EVENTS)
    const options = { parallelism: choices(SEED).between(1, 4), checkpoints: { to: join(out, 'checkpoints') } }
    expect(await runPart(streams, { out, input, options, pauseMs: 0 })).toMatchObject({ status: 'finished' })
    const found = await resultsIn(out, streams.results)
    expect(found).toEqual(streams.expectedResults(input, found))
  })

  it.each(rescaledCases({ parallelism: 4, stopAt: [400, EVENTS - 200] }))(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every record once, $state (#$seed)',
    { timeout: 120_000 },
    (rescaled) => failedAndRescaled(streams, EVENTS, rescaled),
  )
})
