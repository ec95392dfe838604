import { describe, it } from 'vitest'
import { choices, IS_WHOLE, SEED } from '../../../golden/taxi/seeded.js'
import { type Combination, expectGoldenUnderReshards } from './golden-run.js'

/** Subtasks above and below the number of shards, and from one to the other. */
const SIZES = [
  { shards: 2, parallelism: 5, parallelismThen: 3 },
  { shards: 4, parallelism: 2, parallelismThen: 2 },
  { shards: 3, parallelism: 1, parallelismThen: 6 },
] as const

const ALL: readonly Combination[] = (['polling', 'fan-out'] as const).flatMap((read) =>
  (['plain', 'aggregated'] as const).flatMap((put) => SIZES.map((sizes) => ({ read, put, ...sizes }))),
)
const SAMPLE = 3
const nameOf = ({ read, put, shards, parallelism, parallelismThen }: Combination): string =>
  `${read}, ${put}, ${shards} shards, parallelism ${parallelism} and then ${parallelismThen}`
const sampled = (IS_WHOLE ? ALL : choices(SEED).some(ALL, SAMPLE)).map((each) => [nameOf(each), each] as const)

describe(`the taxi job on a stream that is split and merged under it (seed ${SEED})`, () => {
  it.each(sampled)('gives the golden results: %s', { timeout: 120_000 }, (_name, combination) =>
    expectGoldenUnderReshards(combination, SEED % 1_000_000),
  )
})
