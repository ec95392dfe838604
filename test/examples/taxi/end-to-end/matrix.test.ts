import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseTaxiOptions } from '../../../../examples/taxi/run/options.js'
import { countEvents } from '../../../../examples/taxi/run/progress.js'
import { readResults } from '../../../../examples/taxi/run/results.js'
import { runTaxi } from '../../../../examples/taxi/run/taxi.js'
import { expectSameRows, type ResultRows } from '../../../golden/taxi/compare.js'
import { expectedRows, realTrips } from '../../../golden/taxi/real-day.js'
import { goldenResults } from '../../../golden/taxi/results.js'
import { choices, IS_WHOLE, SEED } from '../../../golden/taxi/seeded.js'
import { tripsOfCsv } from '../../../golden/taxi/trips.js'
import { folderOfTest } from './folder.js'
import { writeMadeUpTrips } from './made-up-trips.js'
import { type Format, outputOf, unfinishedFiles } from './output.js'

interface Combination {
  readonly parallelism: number
  readonly shards: number
  readonly watermarks: 'markers' | 'bounded'
  readonly format: Format
}

const ALL: readonly Combination[] = [1, 2, 4].flatMap((parallelism) =>
  [1, 2, 3, 4, 5, 6].flatMap((shards) =>
    (['markers', 'bounded'] as const).flatMap((watermarks) =>
      (['jsonl', 'parquet'] as const).map((format) => ({ parallelism, shards, watermarks, format })),
    ),
  ),
)
const SAMPLE = 4
const nameOf = (each: Combination): string =>
  `parallelism ${each.parallelism}, ${each.shards} shards, ${each.watermarks}, ${each.format}`
const sampled = (seed: number): readonly (readonly [string, Combination])[] =>
  (IS_WHOLE ? ALL : choices(seed).some(ALL, SAMPLE)).map((each) => [nameOf(each), each])

/** The whole command but its last lines: local Kinesis, replayer, job and files, over real sockets. */
async function expectExactly(
  trips: string,
  combination: Combination,
  expected: ResultRows & { used: number },
  flags: readonly string[] = [],
): Promise<readonly string[]> {
  const out = join(await folderOfTest(), 'out')
  const { parallelism, shards, watermarks, format } = combination
  const options = ['--parallelism', parallelism, '--shards', shards, '--watermarks', watermarks, '--format', format]
  const given = ['--trips', trips, '--out', out, '--checkpoint-interval', '100ms', ...options.map(String), ...flags]
  const lines: string[] = []
  const write = (text: string): boolean => lines.push(text) > 0
  const { result } = await runTaxi(parseTaxiOptions(given), { isTTY: false, columns: 80, write })
  expect(result.status).toBe('finished')
  expectSameRows(await outputOf(out, format), expected)
  expectSameRows(await readResults(out), expected)
  expect(await unfinishedFiles(out)).toEqual([])
  expect(countEvents(result.progress)).toMatchObject({ used: expected.used, late: 0, malformed: 0 })
  return lines
}

const FLAGS = ['--fan-out', '--aggregate', '--fan-out --aggregate'] as const
const flagged = IS_WHOLE ? FLAGS : choices(SEED + 2).some(FLAGS, 1)

describe(`the taxi command (seed ${SEED})`, () => {
  it.each(sampled(SEED))('gives the golden results of made-up trips: %s', async (_name, combination) => {
    const trips = join(await folderOfTest(), 'trips.jsonl')
    await expectExactly(trips, combination, await writeMadeUpTrips(trips, { trips: 20_000, seed: SEED % 1000 }))
  })

  it.each(flagged)('gives them with --reshard 30 %s', { timeout: 60_000 }, async (flags) => {
    const trips = join(await folderOfTest(), 'trips.jsonl')
    const { shards, parallelism, format } = choices(SEED).some(ALL, 1)[0] ?? ALL[0]!
    const combination = { shards, parallelism, format, watermarks: 'markers' } as const
    const expected = await writeMadeUpTrips(trips, { trips: 20_000, seed: SEED % 1000 })
    const resharding = ['--reshard', '30', '--seed', String(1 + (SEED % 1000))]
    const lines = await expectExactly(trips, combination, expected, [...flags.split(' '), ...resharding])
    const [, splits, merges] = /resharded meanwhile: (\d+) splits, (\d+) merges/.exec(lines.join('')) ?? []
    expect(Number(splits) + Number(merges)).toBe(30)
  })

  const real = realTrips()
  it.skipIf(!real).each(sampled(SEED + 1))('gives the known results of real trips: %s', async (_name, combination) => {
    const { used } = goldenResults(tripsOfCsv(real!.trips))
    await expectExactly(real!.trips, combination, { ...expectedRows(real!.expected), used })
  })
})
