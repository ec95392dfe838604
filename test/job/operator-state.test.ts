import { defineJob, listOperatorState, type OperatorStateDeclarations, unionOperatorState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, test } from 'vitest'
import { testJob } from '../testing.js'

/** Hands records on in pairs: what waits for its second one is operator state. A 0 says what its subtask knows. */
const pairs = defineJob('pairs', (job) => {
  job
    .from('numbers', collection<number>([]))
    .process('pair', {
      operatorState: { waiting: listOperatorState<number>(), seen: unionOperatorState<number>() },
      process(n, ctx): string[] {
        const { waiting, seen } = ctx.operatorState
        if (n === 0) return [`known ${[...seen.restored()].sort().join()}`]
        seen.add(n)
        const [first] = waiting.values()
        if (first === undefined) {
          waiting.add(n)
          return []
        }
        waiting.clear()
        return [`${first}+${n}`]
      },
    })
    .to('pairs', collectInto<string>([]))
})

test('list state is split evenly and union state known to all, after a savepoint at another parallelism', async () => {
  const splits = [[1], [2], [3]]
  const first = await testJob(pairs, { sources: { numbers: { splits } }, parallelism: 3 })
  const from = await first.savepoint()
  expect(first.results('pairs')).toEqual([])

  const second = await testJob(pairs, { sources: { numbers: { splits } }, parallelism: 2, from })
  // Each subtask reads at least one split, so each has at least one record.
  for (const split of [0, 1, 2]) await second.send('numbers', [0, 10 * (split + 1)], split)
  await second.finish()
  const rows = second.results<string>('pairs')
  expect(rows.filter((row) => row.startsWith('known'))).toEqual(Array(3).fill('known 1,2,3'))
  // Of 1, 2, 3 that waited each is in one subtask: none is lost or paired twice.
  const numbers = rows.filter((row) => row.includes('+')).flatMap((row) => row.split('+').map(Number))
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers.filter((n) => n < 10).length).toBeGreaterThanOrEqual(2)
})

describe('a checkpoint with operator state that the step', () => {
  const jobWith = (operatorState: OperatorStateDeclarations) =>
    defineJob('held', (job) => {
      job
        .from('numbers', collection<number>([]))
        .process('hold', {
          operatorState,
          // As it is declared, so is it there: these are lists of numbers.
          process: (n, ctx) => {
            for (const state of Object.values(ctx.operatorState)) (state as { add(n: number): void }).add(n)
          },
        })
        .to('out', collectInto<number>([]))
    })

  async function restoredWith(operatorState: OperatorStateDeclarations) {
    const numbers = [1, 2, 3]
    const first = await testJob(jobWith({ held: listOperatorState() }), { sources: { numbers } })
    const from = await first.savepoint()
    return testJob(jobWith(operatorState), { sources: { numbers }, from })
  }

  test('does not declare any more is refused, naming both', async () => {
    await expect(restoredWith({})).rejects.toMatchObject({
      code: 'STATE_WITHOUT_OPERATOR',
      operatorId: 'hold',
      message: expect.stringContaining("'held'"),
    })
  })

  test('declares in another mode is refused', async () => {
    await expect(restoredWith({ held: unionOperatorState() })).rejects.toMatchObject({
      code: 'STATE_LAYOUT_UNKNOWN',
      operatorId: 'hold',
      message: expect.stringMatching(/'held'.*expected union state, found list state/),
    })
  })

  test('declares beside a new one goes on, the new one empty', async () => {
    const run = await restoredWith({ held: listOperatorState(), more: listOperatorState() })
    await expect(run.finish()).resolves.toBeDefined()
  })
})
