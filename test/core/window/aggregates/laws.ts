import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import type { Aggregate } from '../../../../core/window/aggregate.js'

export interface Timed<T> {
  readonly value: T
  readonly timestamp: number
}

export interface Expectation<T, R> {
  readonly values: fc.Arbitrary<T>
  /** The result by plain computation over the values in the order of arrival. */
  readonly expected: (arrived: readonly Timed<T>[]) => R
  /** How results are compared where they may differ by an error; deep equality by default. */
  readonly agrees?: (actual: R, expected: R, arrived: readonly Timed<T>[]) => void
}

const packr = new Packr({ moreTypes: true, useRecords: true })

export function throughMessagePack<A>(accumulator: A): A {
  return packr.unpack(packr.pack(accumulator)) as A
}

export function addAll<T, A>(aggregate: Aggregate<T, A, unknown>, values: readonly Timed<T>[], start?: A): A {
  let accumulator = start ?? aggregate.create()
  for (const { value, timestamp } of values) accumulator = aggregate.add(accumulator, value, timestamp)
  return accumulator
}

/** Few different timestamps, out of order: ties are what goes wrong. */
export function timed<T>(values: fc.Arbitrary<T>): fc.Arbitrary<Timed<T>[]> {
  return fc.array(fc.record({ value: values, timestamp: fc.integer({ min: 0, max: 12 }) }), {
    minLength: 1,
    maxLength: 60,
  })
}

/** What every aggregate owes to the engine, whatever it computes. */
export function describeLaws<T, A, R>(name: string, aggregate: Aggregate<T, A, R>, given: Expectation<T, R>): void {
  const arrivals = timed(given.values)
  const split = fc.tuple(arrivals, fc.nat(), fc.nat()).map(([all, one, other]) => {
    const [from, to] = [one % (all.length + 1), other % (all.length + 1)].sort((a, b) => a - b) as [number, number]
    return { all, parts: [all.slice(0, from), all.slice(from, to), all.slice(to)] as const }
  })
  const agrees = given.agrees ?? ((actual, expected) => expect(actual).toEqual(expected))

  describe(`${name}, by the laws of all aggregates`, () => {
    it('gives what a plain computation gives', () => {
      fc.assert(
        fc.property(arrivals, (all) => {
          agrees(aggregate.result(addAll(aggregate, all)), given.expected(all), all)
        }),
      )
    })

    it('gives the same for any split, merged from the left or from the right', () => {
      fc.assert(
        fc.property(split, ({ all, parts }) => {
          const accumulators = () => parts.map((part) => addAll(aggregate, part)) as [A, A, A]
          const [a, b, c] = accumulators()
          agrees(aggregate.result(aggregate.merge(aggregate.merge(a, b), c)), given.expected(all), all)
          const [d, e, f] = accumulators()
          agrees(aggregate.result(aggregate.merge(d, aggregate.merge(e, f))), given.expected(all), all)
        }),
      )
    })

    it('takes further values after a merge, and leaves the right side as it was', () => {
      fc.assert(
        fc.property(split, ({ all, parts: [before, middle, after] }) => {
          const right = addAll(aggregate, middle)
          const untouched = structuredClone(right)
          const merged = aggregate.merge(addAll(aggregate, before), right)
          agrees(aggregate.result(addAll(aggregate, after, merged)), given.expected(all), all)
          expect(right).toEqual(untouched)
        }),
      )
    })

    it('does not change the accumulator by asking for a result, or by changing that result', () => {
      fc.assert(
        fc.property(arrivals, (all) => {
          const accumulator = addAll(aggregate, all)
          const untouched = structuredClone(accumulator)
          const result: unknown = aggregate.result(accumulator)
          if (Array.isArray(result)) result.reverse().push('more')
          expect(accumulator).toEqual(untouched)
        }),
      )
    })

    it('goes on from a checkpoint as if there had been none', () => {
      fc.assert(
        fc.property(split, ({ all, parts: [before, middle, after] }) => {
          const restored = throughMessagePack(addAll(aggregate, before))
          const merged = aggregate.merge(
            addAll(aggregate, middle, restored),
            throughMessagePack(addAll(aggregate, after)),
          )
          agrees(aggregate.result(throughMessagePack(merged)), given.expected(all), all)
        }),
      )
    })
  })
}
