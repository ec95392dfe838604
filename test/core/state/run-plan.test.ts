import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planRewrites, planRun, type RunSize } from '../../../core/state/run-plan.js'

interface Course {
  readonly chain: readonly RunSize[]
  readonly longest: number
  /** Entries that were written, and that had changed. */
  readonly written: number
  readonly changed: number
  /** Entries in the chain at their most, beside those that the group has. */
  readonly mostStored: number
}

/** One checkpoint after the other; `changes` of them each. Whatever is merged counts as often as it was listed. */
function run(live: number, changes: Iterable<number>, phase = 0): Course {
  let chain: RunSize[] = []
  let [longest, written, changed, mostStored] = [0, 0, 0, 0]
  for (const count of changes) {
    const plan = planRun(chain, count, live, phase)
    const merged = chain.slice(plan.keep).reduce((sum, one) => sum + one.count, count)
    const own = plan.keep === 0 ? live : Math.min(merged, live)
    chain = [...chain.slice(0, plan.keep), { tier: plan.tier, count: plan.keep === 0 ? live : merged }]
    written += own
    changed += count
    longest = Math.max(longest, chain.length)
    mostStored = Math.max(mostStored, chain.reduce((sum, one) => sum + one.count, 0) / live)
  }
  return { chain, longest, written, changed, mostStored }
}

const repeat = (count: number, times: number): number[] => new Array<number>(times).fill(count)

describe('the plan of a run', () => {
  it('is whole when there is none yet, and when the group is empty', () => {
    expect(planRun([], 5, 1000, 0)).toEqual({ keep: 0, tier: 0 })
    expect(planRun([{ tier: 0, count: 1000 }], 1, 0, 0)).toEqual({ keep: 0, tier: 0 })
  })

  it('adds a small run to the chain, and merges eight of them', () => {
    const whole = { tier: 0, count: 1000 }
    const small = { tier: 0, count: 1 }
    expect(planRun([whole], 1, 1000, 0)).toEqual({ keep: 1, tier: 0 })
    expect(planRun([whole, ...new Array<RunSize>(6).fill(small)], 1, 1000, 0)).toEqual({ keep: 7, tier: 0 })
    expect(planRun([whole, ...new Array<RunSize>(7).fill(small)], 1, 1000, 0)).toEqual({ keep: 1, tier: 1 })
    const merged = { tier: 1, count: 8 }
    const both = [whole, ...new Array<RunSize>(7).fill(merged), ...new Array<RunSize>(7).fill(small)]
    expect(planRun(both, 1, 1000, 0)).toEqual({ keep: 1, tier: 2 })
  })

  it('does not merge what amounts to a large part of the group', () => {
    const chain = [{ tier: 0, count: 1000 }, ...new Array<RunSize>(7).fill({ tier: 0, count: 50 })]
    expect(planRun(chain, 50, 1000, 0)).toEqual({ keep: 8, tier: 0 })
  })

  it('makes the group whole between one and two times its entries, by its phase', () => {
    for (const phase of [0, 0.5, 0.99]) {
      const chain: RunSize[] = [{ tier: 0, count: 1000 }]
      let changed = 0
      for (;;) {
        changed += 200
        if (planRun(chain, 200, 1000, phase).keep === 0) break
        chain.push({ tier: 0, count: 200 })
      }
      expect(changed).toBeGreaterThanOrEqual(1000 * (1 + phase))
      expect(changed).toBeLessThan(1000 * (1 + phase) + 200)
    }
  })

  it.each([1, 2, 10, 100, 1_000, 10_000, 100_000])(
    'keeps chains short, and writes and stores a small multiple, for groups of %i entries',
    (live) => {
      const tiers = Math.log(Math.max(live, 8)) / Math.log(8)
      for (const share of [0.00001, 0.0001, 0.001, 0.01, 0.05, 0.3, 1]) {
        const count = Math.max(1, Math.round(live * share))
        for (const phase of [0, 0.37, 0.99]) {
          const course = run(live, repeat(count, 3_000), phase)
          const where = `${live} entries, ${count} changed, phase ${phase}`
          expect(course.longest, where).toBeLessThanOrEqual(64 + 7 * Math.ceil(tiers))
          expect(course.written, where).toBeLessThanOrEqual(live + course.changed * (2 + tiers))
          expect(course.mostStored, where).toBeLessThanOrEqual(live < 16 ? 3 + 32 : 3.1)
        }
      }
    },
  )

  it('keeps chains short whatever changes between two checkpoints', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 700 })), {
          minLength: 200,
          maxLength: 600,
        }),
        (live, phase, changes) => {
          const course = run(live, changes, phase)
          const tiers = Math.ceil(Math.log(Math.max(live, 8)) / Math.log(8))
          expect(course.longest).toBeLessThanOrEqual(64 + 7 * tiers)
          expect(course.written).toBeLessThanOrEqual(live + course.changed * (2 + tiers))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the plan of rewrites', () => {
  const groups = [
    { slot: 0, live: 400, oldest: 9 },
    { slot: 1, live: 400, oldest: 2 },
    { slot: 2, live: 400, oldest: 5 },
  ]

  it('is none as long as objects hold a few times the state, or little', () => {
    const none = () => {
      throw new Error('expected not to be asked')
    }
    expect([...planRewrites(none, { stored: 4_800, live: 1_200, changed: 100 })]).toEqual([])
    expect([...planRewrites(none, { stored: 4_000, live: 10, changed: 100 })]).toEqual([])
  })

  it('is of the groups that are stored the longest, as many entries as have changed', () => {
    const plan = (changed: number) => [...planRewrites(() => groups, { stored: 5_000, live: 1_200, changed })]
    expect([plan(0), plan(100), plan(401), plan(5_000)]).toEqual([[], [1], [1, 2], [1, 2, 0]])
  })
})
