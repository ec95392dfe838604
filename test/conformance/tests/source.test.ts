import { describe, expect, test } from 'vitest'
import type { Source } from '../../../core/connector.js'
import { millis } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { sourceConformance } from '../source/suite.js'
import { CLOSING_FAULTS } from './closing-faults.js'
import { ENUMERATOR_FAULTS } from './enumerator-faults.js'
import { type Item, NumbersPlace, type NumbersSourceOptions, numbersSource } from './numbers-source.js'
import { POSITION_FAULTS } from './position-faults.js'
import { READING_FAULTS } from './reading-faults.js'

const SOURCE_FAULTS = [...READING_FAULTS, ...POSITION_FAULTS, ...ENUMERATOR_FAULTS, ...CLOSING_FAULTS]

const SPLITS = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  [11, 12, 13, 14, 15],
  [21, 22, 23, 24, 25, 26, 27],
]

function world(options: NumbersSourceOptions, splits: readonly (readonly Item[])[] = SPLITS) {
  const place = new NumbersPlace(splits)
  return {
    place,
    source: (): Source<number> => numbersSource(place, options),
    splits: splits.map((items) => items.filter((item) => item !== 'malformed')),
    environment: virtualEnvironment(),
  }
}

/** Checks of sources of numbers. Nothing of them waits for anything real. */
function checks(options: NumbersSourceOptions) {
  return sourceConformance({
    start: () => world(options),
    malformed: (onMalformed) => ({
      ...world({ ...options, onMalformed }, [[1, 2, 'malformed', 3, 4, 'malformed', 5]]),
      malformed: 2,
    }),
    leftOpen: ({ place }) => place.open,
    fetched: ({ place }) => place.fetched,
    buffered: 6,
    fail: ({ place }) => {
      place.isFailing = true
    },
    patience: millis(20),
  })
}

async function failing(options: NumbersSourceOptions): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of checks(options)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'CONFORMANCE_BROKEN', domain: 'connector' })
      expect((error as Error).message).toMatch(
        new RegExp(`^${name.replace(/[()]/g, '.')}: \\S+ promises ".+", found: .+`),
      )
      failed.push(name)
    })
  }
  return failed
}

describe('the suite of sources', () => {
  test.each([{ bounded: true }, { bounded: false }])('finds nothing in a right one, %o', async (options) => {
    expect(await failing(options)).toEqual([])
  })

  test.each(SOURCE_FAULTS)('finds that $fault, and nothing else', async ({ options, found }) => {
    expect(await failing(options)).toEqual([found])
  })

  test('has a fault for each of its checks', () => {
    const found = new Set(SOURCE_FAULTS.map((fault) => fault.found))
    expect(
      checks({})
        .map(({ name }) => name)
        .filter((name) => !found.has(name)),
    ).toEqual([])
  })
})
