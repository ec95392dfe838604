import { describe, expect, test } from 'vitest'
import type { Operator } from '../../../core/operators/operator.js'
import { splitOperator } from '../../../core/operators/split.js'
import { emitted, operatorHarness, record } from '../../harness/index.js'

const create = () =>
  splitOperator<number>([
    ['even', (value) => value % 2 === 0],
    ['large', (value) => value > 5],
  ]) as Operator

const input = [1, 2, 7, 8, 3].map((value) => record(value, value))

describe('split', () => {
  test('gives each record to the first branch that takes it; what none takes is the main output, and counted', async () => {
    await operatorHarness<number, number>({ create, sideOutputs: ['even', 'large'] }).verify({
      input,
      expect: [emitted(1, 1), emitted(3, 3)],
      sideOutputs: { even: [emitted(2, 2), emitted(8, 8)], large: [emitted(7, 7)] },
      counters: { recordsInNoBranch: 2 },
    })
  })

  test('counts what goes to a branch that nobody reads, and gives it to no other', async () => {
    await operatorHarness<number, number>({ create, sideOutputs: ['large'] }).verify({
      input,
      expect: [emitted(1, 1), emitted(3, 3)],
      sideOutputs: { large: [emitted(7, 7)] },
      counters: { recordsInNoBranch: 2, branch_even_unread: 2 },
    })
  })

  test.each([
    [
      () => {
        throw new Error('no type')
      },
      'USER_FUNCTION_FAILED',
    ],
    [() => Promise.resolve(true) as unknown as boolean, 'USER_FUNCTION_RETURNED_PROMISE'],
  ])('names the branch whose predicate failed, and refuses a promise (%#)', async (holds, code) => {
    const broken = () => splitOperator<number>([['odd', holds]]) as Operator
    const failure = operatorHarness<number, number>({ create: broken, sideOutputs: ['odd'] }).verify({
      input,
      expect: [],
    })
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(/split 'odd'.*timestamp 1/) })
  })
})
