import fc from 'fast-check'
import { expect } from 'vitest'
import type { LeafStore } from '../../../core/state/leaf-table.js'
import { KEYS, MAP_KEYS, TtlLab } from './ttl-lab.js'
import { TTL_MS } from './ttl-model.js'

const key = fc.nat(KEYS - 1)
const mapKey = fc.nat(MAP_KEYS - 1)
/** Few, or more than are written between two looks at the clock. */
const count = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(70) },
)

/** Mostly little; now and then just as long as values live. */
const step = fc.record({
  kind: fc.constant('advance'),
  ms: fc.oneof(
    { weight: 6, arbitrary: fc.nat(9) },
    { weight: 1, arbitrary: fc.constantFrom(TTL_MS - 1, TTL_MS, TTL_MS / 2) },
  ),
})
const change = fc.record({
  kind: fc.constantFrom(
    'updateValue',
    'mutateValue',
    'clearValue',
    'addToSum',
    'addToList',
    'updateList',
    'putIntoMap',
    'removeFromMap',
    'clearMap',
    'getFromMap',
    'readKey',
  ),
  key,
  count,
  mapKey,
})
const trim = fc.record({ kind: fc.constant('trim') })
const work = fc.record({ kind: fc.constant('work'), looks: fc.nat(2) })
const action = fc.oneof(
  { weight: 6, arbitrary: change },
  { weight: 2, arbitrary: step },
  { weight: 1, arbitrary: trim },
)
type Action = typeof action | typeof work extends fc.Arbitrary<infer T> ? T : never

/** From one snapshot to the next. */
const round = fc.record({
  before: fc.array(action, { maxLength: 4 }),
  isSavepoint: fc.nat(4).map((value) => value === 0),
  during: fc.array(fc.oneof(action, work), { maxLength: 5 }),
  isAborted: fc.nat(5).map((value) => value === 0),
  /** Onto that many subtasks. */
  recover: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
})
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never

function apply(lab: TtlLab, next: Action): void {
  switch (next.kind) {
    case 'advance':
      lab.advance(next.ms)
      break
    case 'work':
      lab.work(next.looks)
      break
    case 'trim':
      lab.trim()
      break
    default: {
      const { kind } = next
      lab.forKeys(next.key, next.count, (each) => lab[kind](each, next.mapKey))
    }
  }
  if (lab.isOnDisk) lab.trim()
}

function play(lab: TtlLab, { before, isSavepoint, during, isAborted, recover }: Round): void {
  for (const next of before) apply(lab, next)
  lab.begin(isSavepoint)
  for (const next of during) apply(lab, next)
  if (isAborted) lab.abort()
  else lab.complete()
  if (recover === 0) return
  lab.recover(recover)
  lab.readAll()
}

export interface TtlRounds {
  readonly update: 'onWrite' | 'onReadAndWrite'
  readonly numRuns: number
  readonly leaves?: () => LeafStore
}

/** Whatever happens, what is read is what the model says, and in the end nothing is left that nobody can see. */
export function expectTtlHolds({ update, numRuns, leaves }: TtlRounds): void {
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 30 }), (rounds) => {
      const lab = new TtlLab({ update, leaves })
      try {
        lab.fill()
        for (const next of rounds) play(lab, next)
        lab.recover(1)
        lab.readAll()
        expect(lab.differences).toEqual([])
        lab.trimAll()
        expect(lab.sizes).toEqual({ kept: 0, live: 0 })
      } finally {
        lab.close()
      }
    }),
    { numRuns, interruptAfterTimeLimit: 3_000 },
  )
}
