import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectPartOf, expectSameRows } from '../../../golden/taxi/compare.js'
import { IS_WHOLE, SEED } from '../../../golden/taxi/seeded.js'
import { localS3 } from './local-servers.js'
import { outputOf, unfinishedFiles } from './output.js'
import { complaints, taxi } from './process.js'
import { streamOfTrips } from './stream-of-trips.js'

const ROUNDS = IS_WHOLE ? 4 : 1

describe(`the taxi job with --savepoint (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    // Up, down, and to more subtasks than there are shards.
    const [before, after] = ([
      [1, 4],
      [7, 2],
      [2, 2],
      [3, 7],
    ][(SEED + round) % 4] ?? [1, 2]) as [number, number]
    it(`stops after some trips at parallelism ${before}, and another run goes on at ${after}: together they give the result of one`, {
      timeout: 120_000,
    }, async () => {
      const trips = 20_000
      const stream = await streamOfTrips({ trips, seed: (SEED + round) % 1000, shards: 2, readBytes: 500_000 })
      const s3 = await localS3()
      // Every second round keeps everything on S3.
      const isOnS3 = (SEED + round) % 2 === 0
      const savepoint = isOnS3 ? 's3://taxi/savepoint' : join(stream.checkpoints, '..', 'savepoint')
      const storage = (name: string): string[] =>
        isOnS3 ? ['--checkpoints', `s3://taxi/${name}`, '--s3-endpoint', s3.endpoint] : []
      const stopAfter = 1 + ((SEED * 7919 + round * 4001) % (trips - 2))
      const state = ['heap', 'disk'][(SEED >> 1) % 2] ?? 'heap'
      const common = ['--format', 'jsonl', '--checkpoint-interval', '200ms', '--state', state]
      const stopped = await stream.job(
        ...storage('first'),
        ...common,
        '--parallelism',
        String(before),
        '--stop-after',
        String(stopAfter),
        '--savepoint',
        savepoint,
      ).ended
      expect(complaints(stopped)).toEqual([])
      expect(stopped).toMatchObject({ code: 0, signal: null })
      expect(stopped.out).toContain(`go on with --from-savepoint ${savepoint}`)
      expectPartOf(await outputOf(stream.out, 'jsonl'), stream.golden)
      expect(await unfinishedFiles(stream.out)).toEqual([])

      const elsewhere = ['--no-replay', '--kinesis', stream.url, '--out', stream.out, '--no-report']
      const resumed = await taxi(
        ...elsewhere,
        ...storage('second'),
        ...common,
        '--parallelism',
        String(after),
        '--from-savepoint',
        savepoint,
      ).ended
      expect(complaints(resumed)).toEqual([])
      expect(resumed).toMatchObject({ code: 0, signal: null })
      expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
      expect(await unfinishedFiles(stream.out)).toEqual([])
    })
  }

  it('with fewer trips than it was to stop after it ends as usual', { timeout: 60_000 }, async () => {
    const stream = await streamOfTrips({ trips: 2000, seed: SEED % 1000, shards: 2, readBytes: 10_000_000 })
    const savepoint = join(stream.checkpoints, '..', 'savepoint')
    const ended = await stream.job('--format', 'jsonl', '--stop-after', '2001', '--savepoint', savepoint).ended
    expect(ended).toMatchObject({ code: 0, signal: null })
    expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
  })
})
