import { join } from 'node:path'
import { millis } from 'tidemark'
import type { CheckpointOptions } from 'tidemark/run'
import { type LocalS3, startLocalS3 } from 'tidemark/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderOfTest } from '../folder.js'
import { resultsIn } from '../results-in.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { makeInput } from './events.js'
import { expectedResults } from './expected.js'
import { goldenRun } from './golden-run.js'
import { RESULTS } from './job.js'

const random = choices(SEED)
const ROUNDS = IS_WHOLE ? 20 : 1
const PAYMENTS = 6000

const CASES = Array.from({ length: ROUNDS }).flatMap((_, round) =>
  (['heap', 'disk'] as const).flatMap((state) =>
    (['directory', 'S3'] as const).map((storage) => ({
      round,
      state,
      storage,
      seed: random.between(1, 1_000_000),
      before: random.between(1, 7),
      after: random.between(1, 7),
      at: random.between(1, PAYMENTS),
    })),
  ),
)

describe(`the golden job over a savepoint (seed ${SEED})`, () => {
  let s3: LocalS3
  beforeAll(async () => {
    s3 = await startLocalS3()
    s3.createBucket('state')
  })
  afterAll(() => s3.close())

  async function places(storage: 'directory' | 'S3', name: string) {
    const folder = await folderOfTest('golden')
    const root = storage === 'S3' ? `s3://state/${name}` : folder
    const options = {
      endpoint: s3.endpoint,
      region: s3.region,
      clientConfig: { credentials: s3.credentials },
    }
    const checkpoints = (of: string): CheckpointOptions => ({
      to: `${root}/${of}`,
      interval: millis(40),
      ...(storage === 'S3' ? { s3: options } : {}),
    })
    return { out: join(folder, 'out'), savepoint: `${root}/savepoint`, checkpoints }
  }

  it('run whole it gives what is expected', { timeout: 60_000 }, async () => {
    const { out, checkpoints } = await places('directory', 'whole')
    const input = makeInput(SEED, { payments: PAYMENTS, splits: 3 })
    await goldenRun({ out, input, options: { parallelism: random.between(1, 7), checkpoints: checkpoints('whole') } })
    expect(await resultsIn(out, RESULTS)).toEqual(expectedResults(input))
  })

  it.each(CASES)(
    'stopped at $at, restored from parallelism $before at $after, gives the same: $state, $storage (#$seed)',
    { timeout: 120_000 },
    async ({ round, state, storage, seed, before, after, at }) => {
      const { out, savepoint, checkpoints } = await places(storage, `${round}-${state}-${seed}`)
      const input = makeInput(seed, { payments: PAYMENTS, splits: 3 })
      const stop = { after: at, savepoint }
      const first = { parallelism: before, state, checkpoints: checkpoints('before') }
      expect(await goldenRun({ out, input, options: first, stop })).toMatchObject({ status: 'stopped' })
      const second = { parallelism: after, state, checkpoints: checkpoints('after'), from: savepoint }
      expect(await goldenRun({ out, input, options: second })).toMatchObject({ status: 'finished' })
      expect(await resultsIn(out, RESULTS)).toEqual(expectedResults(input))
    },
  )
})
