import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, max, mean, min, sum } from '../../../../core/window/aggregates/index.js'
import { addAll, describeLaws, type Timed, timed } from './laws.js'
import { INFINITIES, NO_NUMBERS, refusesSetting, refusesValues, returning, thrownBy } from './refusals.js'

interface Trip {
  readonly fare: number
}
const trips = (fares: fc.Arbitrary<number>): fc.Arbitrary<Trip> => fares.map((fare) => ({ fare }))
const decimals = trips(fc.double({ min: -1e9, max: 1e9, noNaN: true }))
const integers = trips(fc.integer())
const ordered = trips(fc.double({ noNaN: true }))

const fareOf = (trip: Trip): number => trip.fare
const faresOf = (arrived: readonly Timed<Trip>[]): number[] => arrived.map(({ value }) => value.fare + 0)
const total = (numbers: readonly number[]): number => numbers.reduce((left, right) => left + right, 0)

/** The error bound of a plain sum of n terms: n roundings, each of at most half a unit in the last place. */
function roundingOf(arrived: readonly Timed<Trip>[]): number {
  return arrived.length * Number.EPSILON * total(faresOf(arrived).map(Math.abs))
}

describeLaws('count', count(), { values: integers, expected: (arrived) => arrived.length })
describeLaws('sum of integers', sum(fareOf), { values: integers, expected: (arrived) => total(faresOf(arrived)) })
describeLaws('sum of decimals', sum(fareOf), {
  values: decimals,
  expected: (arrived) => total(faresOf(arrived)),
  agrees: (actual, expected, arrived) => expect(Math.abs(actual - expected)).toBeLessThanOrEqual(roundingOf(arrived)),
})
describeLaws('mean', mean(fareOf), {
  values: decimals,
  expected: (arrived) => total(faresOf(arrived)) / arrived.length,
  agrees: (actual, expected, arrived) => expect(Math.abs(actual - expected)).toBeLessThanOrEqual(roundingOf(arrived)),
})
describeLaws('min', min(fareOf), { values: ordered, expected: (arrived) => Math.min(...faresOf(arrived)) })
describeLaws('max', max(fareOf), { values: ordered, expected: (arrived) => Math.max(...faresOf(arrived)) })

describe('count', () => {
  it('undoes an addition', () => {
    fc.assert(
      fc.property(timed(integers), timed(integers), (kept, dropped) => {
        let accumulator = addAll(count(), [...kept, ...dropped])
        for (const { value, timestamp } of dropped) accumulator = count().retract!(accumulator, value, timestamp)
        expect(count().result(accumulator)).toBe(kept.length)
      }),
    )
  })
})

describe('sum and mean', () => {
  it('cannot retract, as subtracting does not undo a rounded addition', () => {
    expect(1e16 + 1 - 1e16).toBe(0)
    expect(sum(fareOf).retract).toBeUndefined()
    expect(mean(fareOf).retract).toBeUndefined()
  })

  it('refuse what is no finite number, naming what was found', () => {
    refusesValues(sum, [...NO_NUMBERS, ...INFINITIES])
    refusesValues(mean, [...NO_NUMBERS, ...INFINITIES])
  })

  it('of nothing are 0 and NaN', () => {
    expect(sum(fareOf).result(sum(fareOf).create())).toBe(0)
    expect(mean(fareOf).result(mean(fareOf).create())).toBeNaN()
  })
})

describe('min and max', () => {
  it('take infinities, but nothing else that is no number', () => {
    const values = [1, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY].map((fare) => ({
      value: { fare },
      timestamp: 0,
    }))
    expect(addAll(min(fareOf), values)).toBe(Number.NEGATIVE_INFINITY)
    expect(addAll(max(fareOf), values)).toBe(Number.POSITIVE_INFINITY)
    refusesValues(min, NO_NUMBERS)
    refusesValues(max, NO_NUMBERS)
  })

  it('of nothing are the infinities', () => {
    expect(min(fareOf).result(min(fareOf).create())).toBe(Number.POSITIVE_INFINITY)
    expect(max(fareOf).result(max(fareOf).create())).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('an aggregate of numbers', () => {
  it('refuses anything but a function as its selector when it is built', () => {
    for (const [name, build] of Object.entries({ sum, mean, min, max })) {
      refusesSetting(() => build('fare' as never), `${name}: the selector must be a function, found "fare"`)
    }
  })

  it('says where, what was expected, what was found and what to do', () => {
    expect(thrownBy(() => mean(returning(undefined)).add({ sum: 0, count: 0 }, {}, 0)).message).toBe(
      'mean: the selector must return a finite number, but returned undefined; ' +
        'filter such records out before the window, or give a default in the selector',
    )
    expect(thrownBy(() => min(returning(Promise.resolve(1))).add(0, {}, 0)).message).toBe(
      'min: the selector returned a promise, expected a value. A record is processed without waiting: call a service ' +
        'with stream.mapAsync(id, fn), load what all records need in open, and otherwise remove async',
    )
  })
})
