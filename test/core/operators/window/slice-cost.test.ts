import { expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import type { Aggregate } from '../../../../core/window/aggregate.js'
import { sliding } from '../../../../core/window/index.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  FULL_OUTPUT,
  type HarnessInput,
  ONE_BY_ONE,
  operatorHarness,
  record,
  watermark,
} from '../../../harness/index.js'
import type { Reading } from './model.js'
import { at } from './window-harness.js'

interface Calls {
  merges: number
  adds: number
}

const counted = (calls: Calls): Aggregate<Reading, number, number> => ({
  kind: 'counted',
  create: () => 0,
  add(sum) {
    calls.adds++
    return sum + 1
  },
  merge(left, right) {
    calls.merges++
    return left + right
  },
  result: (sum) => sum,
})

/** One record each millisecond of one key, and a watermark behind each. */
const steady = (count: number): HarnessInput<Reading>[] =>
  Array.from({ length: count }, (_, index) => [at(index, 1), watermark(index)]).flat()

test('a fire costs about the same whatever size / slide is, and each record is added once', async () => {
  const costs = [4, 64, 512].map(async (size) => {
    const calls: Calls = { merges: 0, adds: 0 }
    const count = 2048
    const harness = operatorHarness({
      create: () =>
        windowOperator({
          assigner: sliding(millis(size), millis(1)),
          allowedLatenessMs: 0,
          contents: { kind: 'aggregate', aggregate: counted(calls), shape: (_key, _window, sum) => sum },
        }),
      keyOf: (reading: Reading) => reading.key,
      modes: [ONE_BY_ONE],
    })
    const expected = Array.from({ length: count }, (_, end) => emitted(Math.min(end + 1, size), end))
    await harness.verify({ input: steady(count), expect: expected })
    expect(calls.adds).toBe(count)
    return calls.merges / count
  })
  for (const perFire of await Promise.all(costs)) expect(perFire).toBeLessThanOrEqual(6)
})

test('a flip of many keys and slices is spread over turns, and gives the same', async () => {
  const keys = 300
  const slices = 10
  const input: HarnessInput<Reading>[] = []
  for (let slice = 0; slice < slices; slice++) {
    for (let key = 0; key < keys; key++) input.push(record({ key: `key-${key}`, value: 1 }, slice))
  }
  const harness = operatorHarness({
    create: () =>
      windowOperator({
        assigner: sliding(millis(slices), millis(slices - 3)),
        allowedLatenessMs: 0,
        contents: {
          kind: 'aggregate',
          aggregate: counted({ merges: 0, adds: 0 }),
          shape: (_key, window, sum) => ({ window, sum }),
        },
      }),
    keyOf: (reading: Reading) => reading.key,
    // Restoring after each of thousands of records would take minutes.
    modes: [ALL_AT_ONCE, FULL_OUTPUT],
  })
  const expected = [
    { window: { start: -7, end: 3 }, sum: 3 },
    { window: { start: 0, end: 10 }, sum: 10 },
    { window: { start: 7, end: 17 }, sum: 3 },
  ]
  await harness.verify({
    input: [...input, endOfInput()],
    expect: expected.flatMap(({ window, sum }) =>
      Array.from({ length: keys }, () => emitted({ window, sum }, window.end - 1)),
    ),
  })
})
