import { describe, test } from 'vitest'
import type { Operator } from '../../../core/operators/operator.js'
import { processOperator } from '../../../core/operators/process.js'
import { listOperatorState, unionOperatorState } from '../../../core/state/operator-list-state.js'
import { emitted, ONE_BY_ONE, operatorHarness, RESCALED, RESTORED, record } from '../../harness/index.js'

function harness<Out>(create: () => Operator<number, Out>, modes?: Parameters<typeof operatorHarness>[0]['modes']) {
  return operatorHarness<number, Out>({ create: create as () => Operator, ...(modes && { modes }) })
}

describe('list state of a step without a key', () => {
  test('survives restores, each entry in one subtask', async () => {
    const create = () =>
      processOperator({
        operatorState: { held: listOperatorState<{ readonly n: number }>() },
        process(n: number, ctx) {
          const { held } = ctx.operatorState
          if (n > 0) return void held.add({ n })
          const all = held.values().map((entry) => entry.n)
          held.clear()
          return all
        },
      })
    // A record 0 takes out what its subtask has; two in a row reach both subtasks.
    await harness(create).verify({
      input: [record(1, 1), record(2, 2), record(3, 3), record(0, 4), record(0, 4), record(0, 4), record(0, 4)],
      expect: [emitted(1, 4), emitted(2, 4), emitted(3, 4)],
    })
  })

  test('is replaced by update, and may be added to itself', async () => {
    const create = () =>
      processOperator({
        operatorState: { held: listOperatorState<number>() },
        process(n: number, ctx) {
          const { held } = ctx.operatorState
          if (n === 0) return held.values()
          if (n > 2) held.update([n, n + 1])
          else held.addAll(n === 1 ? [1, 2] : held.values())
          return
        },
      })
    await harness(create, [ONE_BY_ONE, RESTORED]).verify({
      input: [record(1, 1), record(2, 2), record(0, 3), record(5, 4), record(0, 5)],
      expect: [1, 2, 1, 2].map((n) => emitted(n, 3)).concat([5, 6].map((n) => emitted(n, 5))),
      order: 'exact',
    })
  })
})

test('union state after a restore shows each subtask what all of them had', async () => {
  const create = () =>
    processOperator({
      operatorState: { given: unionOperatorState<number>() },
      process(n: number, ctx) {
        const { given } = ctx.operatorState
        if (n > 0) return void given.add(n)
        return [[...given.restored()].sort().join()]
      },
    })
  await harness(create, [RESTORED, RESCALED]).verify({
    input: [record(1, 1), record(2, 2), record(0, 3), record(3, 4), record(0, 5), record(0, 6)],
    expect: [emitted('1,2', 3), emitted('1,2,3', 5), emitted('1,2,3', 6)],
  })
})
