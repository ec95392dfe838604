import fc from 'fast-check'
import { expect } from 'vitest'
import type { LeafStore } from '../../../core/state/leaf-table.js'
import { KEYS } from './lab-state.js'
import { difference, StateLab, type Taken } from './state-lab.js'

const key = fc.nat(KEYS - 1)
/** Few, or more than are written between two looks at the clock. */
const count = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 20, max: KEYS }))
const small = fc.nat(7)

const change = fc.record({
  kind: fc.constantFrom(
    'updateValues',
    'mutateValues',
    'clearValues',
    'addToLists',
    'clearLists',
    'putIntoMaps',
    'removeFromMaps',
    'clearMaps',
    'addToSums',
    'clearSums',
    'registerTimers',
    'deleteTimers',
    'addToPane',
  ),
  key,
  count,
  argument: small,
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never
const sweep = fc.record({
  kind: fc.constantFrom('fireTimers', 'dropPane', 'emptyGroup'),
  key,
  count,
  argument: small,
})
type Sweep = typeof sweep extends fc.Arbitrary<infer T> ? T : never
const anyChange: fc.Arbitrary<Change | Sweep> = fc.oneof(
  { weight: 6, arbitrary: change },
  { weight: 1, arbitrary: sweep },
)
/** Writes until the clock was looked at so often. */
const work = fc.record({ kind: fc.constant('work'), looks: fc.nat(3) })

/** From one snapshot to the next. */
const round = fc.record({
  before: fc.array(anyChange, { maxLength: 4 }),
  kind: fc.constantFrom('checkpoint', 'checkpoint', 'checkpoint', 'checkpoint', 'savepoint'),
  during: fc.array(fc.oneof(anyChange, work), { maxLength: 6 }),
  isAborted: fc.nat(5).map((value) => value === 0),
  /** Onto that many subtasks. */
  recover: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
})
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never

type Leaves = (() => LeafStore) | undefined

function expectSame(lab: StateLab): void {
  const { model } = lab
  expect(difference(model, lab.dump())).toEqual([])
  expect(lab.size).toBe(model.size)
}

/** Into any split of the key groups, from nothing but the objects that it needs. */
function expectRestores(taken: Taken, parallelism: number, leaves: Leaves): void {
  const lab = new StateLab(1, leaves)
  lab.recover(taken, parallelism)
  expectSame(lab)
  lab.close()
}

function apply(lab: StateLab, one: Change | Sweep | { readonly kind: 'work'; readonly looks: number }): void {
  switch (one.kind) {
    case 'work':
      lab.work('looks' in one ? one.looks : 0)
      break
    case 'fireTimers':
      if ('count' in one) lab.fireTimers(one.argument, one.count)
      break
    case 'dropPane':
      if ('count' in one) lab.dropPane(one.argument)
      break
    case 'emptyGroup':
      if ('count' in one) lab.emptyGroup(one.argument)
      break
    default:
      lab[one.kind](one.key, one.count, one.argument)
  }
  lab.trim()
}

function runRound(lab: StateLab, { before, kind, during, isAborted, recover }: Round): Taken | undefined {
  for (const one of before) apply(lab, one)
  lab.begin(kind)
  for (const one of during) apply(lab, one)
  const taken = isAborted ? undefined : lab.complete()
  if (isAborted) lab.abort()
  const newest = lab.taken.at(-1)
  if (recover > 0 && newest !== undefined) lab.recover(newest, recover)
  return taken
}

function fill(lab: StateLab): void {
  for (const kind of ['updateValues', 'addToLists', 'addToSums', 'registerTimers'] as const) lab[kind](0, KEYS, 1)
  lab.putIntoMaps(0, KEYS, 3)
  lab.addToPane(0, KEYS, 0)
}

export interface SnapshotRounds {
  /** Much state at first, of which little changes: long chains. */
  readonly isFilled: boolean
  readonly rounds: number
  readonly numRuns: number
  readonly timeLimitMs?: number
  /** Where state is; default: on the heap. */
  readonly leaves?: () => LeafStore
}

/** Whatever changes meanwhile, whatever is aborted or recovered: a snapshot restores what there was at its barrier. */
export function expectSnapshotsHold({ isFilled, rounds, numRuns, leaves, timeLimitMs = 6_000 }: SnapshotRounds): void {
  const parallelism = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(parallelism, parallelism, fc.array(round, { maxLength: rounds, size: 'max' }), (from, to, all) => {
      const lab = new StateLab(from, leaves)
      if (isFilled) fill(lab)
      for (const one of all) {
        const taken = runRound(lab, one)
        expectSame(lab)
        if (taken !== undefined) expectRestores(taken, to, leaves)
      }
      lab.close()
    }),
    { numRuns, interruptAfterTimeLimit: timeLimitMs },
  )
}
