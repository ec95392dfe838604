import { DDSketch as ReferenceSketch } from '@datadog/sketches-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile } from '../../../../core/window/aggregates/index.js'
import { addAll, describeLaws, throughMessagePack } from './laws.js'
import { INFINITIES, NO_NUMBERS, refusesSetting, refusesValues } from './refusals.js'

const itself = (value: number): number => value
const at = (value: number) => ({ value, timestamp: 0 })

/** The value of rank floor(q (n - 1)), by sorting. */
function exact(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]! + 0
}

/** The bound, and the rounding of logarithms at the edges of buckets. */
function expectWithin(actual: number, expected: number, relativeError: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relativeError * (1 + 1e-9) * Math.abs(expected))
}

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1] as const

/** Both signs, zero, and up to nine orders of magnitude on either side of one. */
const numbers = fc.oneof(
  fc
    .tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -9, max: 8 }), fc.boolean())
    .map(([digits, exponent, negative]) => (negative ? -digits : digits) * 10 ** exponent),
  fc.integer({ min: -5, max: 5 }),
)

for (const relativeError of [0.1, 0.01, 0.001]) {
  describeLaws(`quantile within ${relativeError}`, quantile(itself, QUANTILES, { relativeError }), {
    values: numbers,
    expected: (arrived) =>
      QUANTILES.map((q) =>
        exact(
          arrived.map(({ value }) => value),
          q,
        ),
      ),
    agrees: (actual, expected) => {
      expect(actual).toHaveLength(QUANTILES.length)
      expected.forEach((each, i) => {
        expectWithin(actual[i]!, each, relativeError)
      })
    },
  })
}

describe('quantile', () => {
  it('gives one number for one quantile, by default within one per cent', () => {
    const median = quantile(itself, 0.5)
    const values = Array.from({ length: 10_001 }, (_, i) => at(i / 7))
    expectWithin(median.result(addAll(median, values)), 5000 / 7, 0.01)
    expect(median.kind).toBe('quantile(0.5, 0.01)')
  })

  it('gives the exact minimum and maximum', () => {
    const ends = quantile(itself, [0, 1])
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1 }), (values) => {
        expect(ends.result(addAll(ends, values.map(at)))).toEqual([exact(values, 0), exact(values, 1)])
      }),
    )
  })

  it('answers the same whatever the order and however split, also where buckets collapse', () => {
    const wide = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 })
    const quantiles = quantile(itself, QUANTILES, { relativeError: 0.2 })
    fc.assert(
      fc.property(wide, wide, (some, others) => {
        const whole = quantiles.result(addAll(quantiles, [...some, ...others].map(at)))
        const left = addAll(quantiles, others.reverse().map(at))
        expect(quantiles.result(quantiles.merge(left, addAll(quantiles, some.map(at))))).toEqual(whole)
      }),
    )
  })

  it('keeps its bound for every value at most 18 orders of magnitude below the largest', () => {
    for (const relativeError of [0.05, 0.01]) {
      for (const sign of [1, -1]) {
        // In ascending order the middle one, and its neighbour on the side of the large magnitudes.
        const qs = [0.5, sign > 0 ? 0.75 : 0.25] as const
        const quantiles = quantile(itself, qs, { relativeError })
        const values = [1e-300, 1e-200, 1.01e-9, 5e8, 1e9].map((value) => value * sign)
        for (const arrived of [values, [...values].reverse()]) {
          const [middle, neighbour] = quantiles.result(addAll(quantiles, arrived.map(at)))
          expectWithin(middle, exact(values, qs[0]), relativeError)
          expectWithin(neighbour, exact(values, qs[1]), relativeError)
        }
      }
    }
  })

  it('takes the largest and the smallest numbers there are', () => {
    const quantiles = quantile(itself, [0, 0.5, 1])
    const values = [Number.MAX_VALUE, Number.MAX_VALUE / 2, Number.MAX_VALUE / 3]
    const [low, middle, high] = quantiles.result(addAll(quantiles, values.map(at)))
    expect([low, high]).toEqual([Number.MAX_VALUE / 3, Number.MAX_VALUE])
    expectWithin(middle, Number.MAX_VALUE / 2, 0.01)
    expect(quantiles.result(addAll(quantiles, [at(Number.MIN_VALUE), at(-0)]))).toEqual([0, 0, Number.MIN_VALUE])
  })

  it('stays small: values that span every magnitude need no more than the stated buckets', () => {
    const median = quantile(itself, 0.5)
    const sketch = addAll(
      median,
      Array.from({ length: 6000 }, (_, i) => at(10 ** (((i * 7919) % 600) - 300))),
    )
    expect(sketch.positive!.counts.length).toBeLessThanOrEqual(2073)
    expect(throughMessagePack(sketch)).toEqual(sketch)
    const oneOrder = addAll(
      median,
      Array.from({ length: 6000 }, (_, i) => at(2 + (i % 180) / 10)),
    )
    expect(oneOrder.positive!.counts.length).toBeLessThan(160)
  })

  it('agrees with @datadog/sketches-js', () => {
    fc.assert(
      fc.property(
        fc.array(numbers, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const reference = new ReferenceSketch({ relativeAccuracy: 0.01 })
          for (const value of values) reference.accept(value)
          const ours = quantile(itself, q)
          const answer = ours.result(addAll(ours, values.map(at)))
          // Ours knows the minimum and the maximum; elsewhere both name the middle of the same bucket.
          const [low, high] = [exact(values, 0), exact(values, 1)]
          const rank = Math.floor(q * (values.length - 1))
          if (rank === 0) expect(answer).toBe(low)
          else if (rank === values.length - 1) expect(answer).toBe(high)
          else expectWithin(answer, Math.min(Math.max(reference.getValueAtQuantile(q), low), high), 1e-9)
        },
      ),
    )
  })

  it('of nothing is NaN', () => {
    const quantiles = quantile(itself, [0, 0.5])
    expect(quantiles.result(quantiles.create())).toEqual([Number.NaN, Number.NaN])
  })

  it('refuses what is no finite number', () => {
    refusesValues((selector) => quantile(selector, 0.5), [...NO_NUMBERS, ...INFINITIES])
  })

  it('refuses settings that cannot work', () => {
    for (const q of [-0.1, 1.1, 50, Number.NaN]) {
      refusesSetting(() => quantile(itself, q), `quantile: a quantile must be a number from 0 to 1, found ${q}`)
      refusesSetting(() => quantile(itself, [0.5, q]), `quantile: a quantile must be a number from 0 to 1, found ${q}`)
    }
    refusesSetting(
      () => quantile(itself, '0.5' as never),
      'quantile: a quantile must be a number from 0 to 1, found "0.5"',
    )
    refusesSetting(() => quantile(itself, []), 'quantile: at least one quantile is needed, found an array')
    for (const relativeError of [0, -1, 0.00001, 0.6, Number.NaN]) {
      refusesSetting(
        () => quantile(itself, 0.5, { relativeError }),
        `quantile: relativeError must be from 0.0001 to 0.5, found ${relativeError}`,
      )
    }
    refusesSetting(() => quantile('fare' as never, 0.5), 'quantile: the selector must be a function, found "fare"')
  })
})
