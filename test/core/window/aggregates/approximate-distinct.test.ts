import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { approximateDistinct, type Scalar } from '../../../../core/window/aggregates/index.js'
import { addAll, describeLaws, throughMessagePack } from './laws.js'
import { refusesSetting, refusesValues } from './refusals.js'

const itself = (value: Scalar): Scalar => value

function range(from: number, to: number, make: (i: number) => Scalar = (i) => `user-${i}`) {
  return Array.from({ length: to - from }, (_, i) => ({ value: make(from + i), timestamp: 0 }))
}

const scalars = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.bigInt(), fc.boolean(), fc.integer())

// Two of 60 values share one of 2^18 registers once in 150 cases; three such pairs are out of reach of a test run.
describeLaws('approximateDistinct of a few values', approximateDistinct(itself, { precision: 18 }), {
  values: scalars,
  expected: (arrived) => new Set(arrived.map(({ value }) => value)).size,
  agrees: (actual, expected) => expect(Math.abs(actual - expected)).toBeLessThanOrEqual(2),
})

describe('approximateDistinct', () => {
  // Root mean square over disjoint sets, which is what 1.04 / sqrt(m) speaks of. The sizes cover sparse and dense, and the
  // range around 2.5 m where the classical estimator is biased. The margin is for the error of the measurement itself.
  const trials = 150
  for (const precision of [6, 10]) {
    const registers = 2 ** precision
    const standardError = 1.04 / Math.sqrt(registers)
    for (const size of [0.25, 1, 2.5, 5, 40].map((factor) => factor * registers)) {
      it(`has the stated error: precision ${precision}, ${size} values`, () => {
        const aggregate = approximateDistinct(itself, { precision })
        let squares = 0
        let errors = 0
        for (let trial = 0; trial < trials; trial++) {
          const sketch = addAll(aggregate, range(trial * size, (trial + 1) * size))
          const error = aggregate.result(sketch) / size - 1
          squares += error ** 2
          errors += error
        }
        expect(Math.sqrt(squares / trials)).toBeLessThan(standardError * 1.2)
        expect(Math.abs(errors / trials)).toBeLessThan((3 * standardError) / Math.sqrt(trials))
      })
    }
  }

  it('has the stated error at the default precision, for every kind of value', () => {
    const aggregate = approximateDistinct(itself)
    const kinds = {
      strings: (i: number) => `cab-${i}`,
      integers: (i: number) => i,
      fractions: (i: number) => i / 1000,
      bigints: (i: number) => 2n ** 70n + BigInt(i),
    }
    for (const make of Object.values(kinds)) {
      const found = aggregate.result(addAll(aggregate, range(0, 200_000, make)))
      expect(Math.abs(found / 200_000 - 1)).toBeLessThan(3 * 0.0081)
    }
  })

  it('is nearly exact while there are few', () => {
    const aggregate = approximateDistinct(itself)
    for (const size of [0, 1, 2, 10]) expect(aggregate.result(addAll(aggregate, range(0, size)))).toBe(size)
    expect(Math.abs(aggregate.result(addAll(aggregate, range(0, 200))) - 200)).toBeLessThanOrEqual(3)
  })

  it('keeps a list while that is smaller than the registers', () => {
    const aggregate = approximateDistinct(itself)
    expect(addAll(aggregate, range(0, 10))).toHaveLength(10)
    expect(throughMessagePack(addAll(aggregate, range(0, 10)))).toEqual(addAll(aggregate, range(0, 10)))
    const dense = addAll(aggregate, range(0, 10_000))
    expect(dense).toBeInstanceOf(Uint8Array)
    expect(dense).toHaveLength(16_384)
    const more = range(5_000, 15_000)
    const restored = addAll(aggregate, more, throughMessagePack(dense))
    expect(aggregate.result(restored)).toBe(aggregate.result(addAll(aggregate, more, dense)))
  })

  it('keeps the same state whatever the order and however split, sparse or dense', () => {
    const aggregate = approximateDistinct(itself, { precision: 6 })
    fc.assert(
      fc.property(fc.array(scalars, { maxLength: 40 }), fc.array(scalars, { maxLength: 40 }), (some, others) => {
        const timed = (values: readonly Scalar[]) => values.map((value) => ({ value, timestamp: 0 }))
        const whole = addAll(aggregate, timed([...some, ...others]))
        const right = addAll(aggregate, timed(some))
        const untouched = structuredClone(right)
        expect(aggregate.merge(addAll(aggregate, timed(others.reverse())), right)).toEqual(whole)
        expect(right).toEqual(untouched)
      }),
    )
  })

  it('tells types apart, but not the zeros', () => {
    const aggregate = approximateDistinct(itself)
    const values = [1, '1', 1n, true, 0, -0].map((value) => ({ value, timestamp: 0 }))
    expect(aggregate.result(addAll(aggregate, values))).toBe(5)
  })

  it('refuses what is no scalar', () => {
    refusesValues(approximateDistinct, [
      [undefined, 'undefined'],
      [null, 'null'],
      [Number.NaN, 'NaN'],
      [{}, 'an object'],
      [Promise.resolve(1), 'a promise'],
    ])
  })

  it('refuses settings that cannot work', () => {
    for (const precision of [3, 19, 14.5, Number.NaN]) {
      refusesSetting(
        () => approximateDistinct(itself, { precision }),
        `approximateDistinct: precision must be an integer from 4 to 18, found ${precision}`,
      )
    }
    refusesSetting(
      () => approximateDistinct(1 as never),
      'approximateDistinct: the selector must be a function, found 1',
    )
  })

  it('works at the ends of the precision', () => {
    for (const precision of [4, 18]) {
      const aggregate = approximateDistinct(itself, { precision })
      const error = aggregate.result(addAll(aggregate, range(0, 100_000))) / 100_000 - 1
      expect(Math.abs(error)).toBeLessThan((3 * 1.04) / Math.sqrt(2 ** precision))
    }
  })
})
