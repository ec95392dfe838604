import fc from 'fast-check'
import { endOfInput, type HarnessInput, record, watermark } from '../../../harness/index.js'

/** A record of either side; `number` tells it from its duplicates. */
export interface Item {
  readonly key: string
  readonly number: number
}

export const left = (key: string, number: number, timestamp: number): HarnessInput<Item> =>
  record({ key, number }, timestamp, 0)
export const right = (key: string, number: number, timestamp: number): HarnessInput<Item> =>
  record({ key, number }, timestamp, 1)

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const

/** Two streams out of order, with ties, late records and duplicates, of one key or of many, watermarks between, and the end. */
export function randomSides(span: number): fc.Arbitrary<HarnessInput<Item>[]> {
  const item = fc.record({
    kind: fc.constant('item' as const),
    side: fc.constantFrom(0, 1),
    ahead: fc.integer({ min: -span, max: span }),
    key: fc.nat(KEYS.length - 1),
    isTwice: fc.boolean(),
  })
  const step = fc.record({ kind: fc.constant('step' as const), by: fc.integer({ min: 1, max: Math.ceil(span / 2) }) })
  return fc
    .tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 1, max: KEYS.length }),
      fc.array(fc.oneof({ weight: 4, arbitrary: item }, { weight: 1, arbitrary: step }), { maxLength: 24 }),
    )
    .map(([start, keys, moves]) => {
      let now = start
      const input: HarnessInput<Item>[] = []
      for (const move of moves) {
        if (move.kind === 'step') {
          now += move.by
          input.push(watermark(now))
          continue
        }
        const key = KEYS[move.key % keys] as string
        const of = move.side === 0 ? left : right
        for (let copy = 0; copy <= (move.isTwice ? 1 : 0); copy++) input.push(of(key, input.length, now + move.ahead))
      }
      return [...input, endOfInput()]
    })
}
