import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../../core/element.js'
import type { Interval } from '../../../../core/operators/join/interval.js'
import { intervalJoinOperator } from '../../../../core/operators/join/interval-join.js'
import type { Operator } from '../../../../core/operators/operator.js'
import { sideOutput } from '../../../../core/operators/side-output.js'
import {
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  ONE_BY_ONE,
  operatorHarness,
  watermark,
} from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { type Item, left, randomSides, right } from './two-sides.js'

interface Pair {
  readonly key: string
  readonly left: number
  readonly right: number
}

function harness(lowerMs: number, upperMs: number) {
  return operatorHarness<Item, Pair>({
    create: () =>
      intervalJoinOperator({ lowerMs, upperMs }, (one: Item, other: Item, { key }) => [
        { key: String(key), left: one.number, right: other.number },
      ]) as Operator,
    keyOf: ({ key }) => key,
    sideOutputs: ['lateLeft', 'lateRight'],
  })
}

const pair = (of: number, and: number, timestamp: number, key = 'a') =>
  emitted<Pair>({ key, left: of, right: and }, timestamp)

describe('an interval join', () => {
  test('has bounds that are inclusive', async () => {
    await harness(-2, 3).verify({
      input: [left('a', 0, 10), ...[7, 8, 9, 10, 13, 14].map((time) => right('a', time, time)), endOfInput()],
      expect: [pair(0, 8, 10), pair(0, 9, 10), pair(0, 10, 10), pair(0, 13, 13)],
    })
  })

  test('stamps a pair with the later timestamp of both, whichever comes first', async () => {
    await harness(-5, 5).verify({
      input: [right('a', 1, 12), left('a', 2, 10), left('a', 3, 15)],
      expect: [pair(2, 1, 12), pair(3, 1, 15)],
    })
  })

  test('is inner, and of one key', async () => {
    await harness(-5, 5).verify({
      input: [left('a', 1, 1), right('b', 2, 1), left('c', 3, 1), right('c', 4, 1), endOfInput()],
      expect: [pair(3, 4, 1, 'c')],
    })
  })

  test('calls a record late if its timestamp is before the watermark, strictly, on either side', async () => {
    await harness(-5, 5).verify({
      input: [
        left('a', 1, 10),
        watermark(10),
        left('a', 2, 9),
        right('a', 3, 9),
        right('a', 4, 10),
        left('a', 5, 10),
        endOfInput(),
      ],
      expect: [pair(1, 4, 10), pair(5, 4, 10)],
      sideOutputs: {
        lateLeft: [emitted({ key: 'a', number: 2 }, 9)],
        lateRight: [emitted({ key: 'a', number: 3 }, 9)],
      },
      counters: { lateRecords: 2 },
    })
  })

  test('keeps a record while a partner may come that is not late', async () => {
    await harness(2, 5).verify({
      input: [left('a', 1, 10), watermark(15), right('a', 2, 15), watermark(16), right('a', 3, 16), endOfInput()],
      expect: [pair(1, 2, 15)],
    })
    await harness(-5, -2).verify({
      input: [right('a', 1, 10), watermark(15), left('a', 2, 15), watermark(16), left('a', 3, 16), endOfInput()],
      expect: [pair(2, 1, 15)],
    })
  })

  test('gives every pair of duplicates and ties', async () => {
    await harness(0, 0).verify({
      input: [left('a', 1, 5), left('a', 1, 5), right('a', 2, 5), right('a', 2, 5), right('a', 3, 6)],
      expect: [pair(1, 2, 5), pair(1, 2, 5), pair(1, 2, 5), pair(1, 2, 5)],
    })
  })

  test('takes times before the epoch, and an interval of years', async () => {
    const years = 40 * 365 * 86_400_000
    await harness(-years, years).verify({
      input: [left('a', 1, -1000), right('a', 2, years - 1001), right('a', 3, years - 1000), right('a', 4, years)],
      expect: [pair(1, 2, years - 1001), pair(1, 3, years - 1000)],
    })
  })

  test('knows the pair; yields as there is room; has side outputs and a life cycle', async () => {
    const closed: string[] = []
    const create = () =>
      intervalJoinOperator(
        { lowerMs: -9, upperMs: 9 },
        {
          sideOutputs: { seen: sideOutput<number>() },
          open: () => 'opened',
          *process(one: Item, other: Item, ctx, opened) {
            ctx.sideOutputs.seen.emit(other.number - one.number)
            yield `${opened} ${ctx.key}: ${ctx.leftTimestamp} ${ctx.rightTimestamp} ${ctx.timestamp} at ${ctx.watermark}`
            yield 'and again'
          },
          close: (opened) => void closed.push(opened),
        },
      ) as Operator
    const verified = operatorHarness<Item, string>({
      create,
      keyOf: ({ key }) => key,
      sideOutputs: ['lateLeft', 'lateRight', 'seen'],
    })
    await verified.verify({
      input: [left('a', 1, 4), watermark(2), left('a', 2, 6), right('a', 5, 5)],
      expect: [
        emitted('opened a: 4 5 5 at 2', 5),
        emitted('and again', 5),
        emitted('opened a: 6 5 6 at 2', 6),
        emitted('and again', 6),
      ],
      sideOutputs: { seen: [emitted(4, 5), emitted(3, 6)] },
    })
    expect(closed.length).toBeGreaterThan(0)
  })

  test('names the step and the record in its errors', async () => {
    const failing = operatorHarness<Item, never>({
      create: () =>
        intervalJoinOperator({ lowerMs: 0, upperMs: 0 }, () => {
          throw new Error('no')
        }) as Operator,
      keyOf: ({ key }) => key,
      modes: [ONE_BY_ONE],
    })
    await expect(failing.verify({ input: [left('a', 1, 4), right('a', 2, 4)], expect: [] })).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      operatorId: 'under-test',
      message: expect.stringContaining('process threw at record 0'),
    })
    const untimed = failing.verify({ input: [left('a', 1, NO_TIMESTAMP)], expect: [] })
    await expect(untimed).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING', operatorId: 'under-test' })
  })
})

/** Every left record against every right one, both that were not late. */
function plainly(input: readonly HarnessInput<Item>[], { lowerMs, upperMs }: Interval) {
  let now = Number.NEGATIVE_INFINITY
  const met: { readonly value: Item; readonly timestamp: number; readonly side: number }[] = []
  const late: Emitted<Item>[][] = [[], []]
  const pairs: Emitted<Pair>[] = []
  for (const element of input) {
    if (element.kind === 'watermark') now = Math.max(now, element.timestamp)
    if (element.kind !== 'record') continue
    const { value, timestamp, input: side } = element
    if (timestamp < now) {
      late[side]?.push(emitted(value, timestamp))
      continue
    }
    for (const other of met) {
      if (other.side === side || other.value.key !== value.key) continue
      const [one, two] = side === 0 ? [{ value, timestamp }, other] : [other, { value, timestamp }]
      const distance = two.timestamp - one.timestamp
      if (distance < lowerMs || distance > upperMs) continue
      pairs.push(pair(one.value.number, two.value.number, Math.max(one.timestamp, two.timestamp), value.key))
    }
    met.push({ value, timestamp, side })
  }
  return { pairs, late }
}

test('an interval join over random streams is what a plain computation over all records gives', async () => {
  const cases = fc.record({
    lowerMs: fc.integer({ min: -12, max: 12 }),
    length: fc.oneof(fc.nat(3), fc.nat(25)),
    input: randomSides(15),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ lowerMs, length, input }) => {
      const interval = { lowerMs, upperMs: lowerMs + length }
      const { pairs, late } = plainly(input, interval)
      await harness(interval.lowerMs, interval.upperMs).verify({
        input,
        expect: pairs,
        sideOutputs: { lateLeft: late[0] ?? [], lateRight: late[1] ?? [] },
        counters: { lateRecords: (late[0]?.length ?? 0) + (late[1]?.length ?? 0) },
      })
    }),
    runs(200),
  )
})
