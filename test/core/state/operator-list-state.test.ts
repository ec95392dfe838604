import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listOperatorState, OperatorLists, unionOperatorState } from '../../../core/state/operator-list-state.js'
import { type OperatorStateSnapshot, redistributeOperatorState } from '../../../core/state/operator-state.js'

const DECLARED = { list: listOperatorState<number>(), union: unionOperatorState<number>() }

/** All subtasks of a step, restored from what those of an earlier run stored. */
function deploy(parallelism: number, stored: readonly (readonly OperatorStateSnapshot[])[]) {
  return Array.from({ length: parallelism }, (_, index) => {
    const states = redistributeOperatorState(stored, index, parallelism)
    const restored = (name: string) => states.find((state) => state.name === name)?.entries ?? []
    return new OperatorLists(DECLARED, { subtask: { index, parallelism }, restored })
  })
}

const inOrder = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const run = fc.record({ parallelism: fc.integer({ min: 1, max: 6 }), added: fc.array(fc.nat(5), { maxLength: 12 }) })

describe('over any number of restores at any parallelism', () => {
  test('every entry is in the list of one subtask, and union state shows all to everyone', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), (runs) => {
        let stored: (readonly OperatorStateSnapshot[])[] = []
        const all: number[] = []
        let next = 0
        for (const { parallelism, added } of runs) {
          const subtasks = deploy(parallelism, stored)
          for (const { handles } of subtasks) expect(inOrder(handles.union.restored())).toEqual(all)
          for (const target of added) {
            const { list, union } = subtasks[target % parallelism]!.handles
            list.add(next)
            union.add(next)
            all.push(next++)
          }
          for (const name of ['list', 'union'] as const) {
            expect(inOrder(subtasks.flatMap(({ handles }) => handles[name].values()))).toEqual(all)
          }
          stored = subtasks.map((subtask) => structuredClone(subtask.snapshot()))
        }
      }),
    )
  })
})

test('what was removed stays removed, whoever had it', () => {
  const [one] = deploy(1, [])
  one!.handles.union.addAll([1, 2, 3, 4])
  const two = deploy(2, [one!.snapshot()])
  two[0]!.handles.union.clear()
  two[1]!.handles.union.update([4, 5])
  const [back] = deploy(
    1,
    two.map((subtask) => subtask.snapshot()),
  )
  expect(back!.handles.union.restored()).toEqual([4, 5])
  expect(back!.handles.union.values()).toEqual([4, 5])
})

test('entries of union state are not shared between subtasks, nor with what was restored', () => {
  const stored: OperatorStateSnapshot[][] = [[{ name: 'state', mode: 'union', entries: [{ n: 1 }] }]]
  const declared = { state: unionOperatorState<{ n: number }>() }
  const [one, two] = [0, 1].map((index) => {
    const states = redistributeOperatorState(stored, index, 2)
    return new OperatorLists(declared, { subtask: { index, parallelism: 2 }, restored: () => states[0]?.entries ?? [] })
  })
  // The share of the second one.
  two!.handles.state.values()[0]!.n = 2
  expect(two!.handles.state.restored()).toEqual([{ n: 1 }])
  expect(one!.handles.state.restored()).toEqual([{ n: 1 }])
})
