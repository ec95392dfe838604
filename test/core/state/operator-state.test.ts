import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type OperatorStateMode,
  type OperatorStateSnapshot,
  redistributeOperatorState,
} from '../../../core/state/operator-state.js'

/** Entries of one state, by stored subtask; undefined: the subtask has no such state. */
const copies = fc.array(fc.option(fc.array(fc.integer(), { maxLength: 20 }), { nil: undefined }), {
  minLength: 1,
  maxLength: 9,
})
const parallelism = fc.integer({ min: 1, max: 9 })

const storedAs = (mode: OperatorStateMode, entries: readonly (readonly number[] | undefined)[]) =>
  entries.map((own): OperatorStateSnapshot[] => (own ? [{ name: 'state', mode, entries: own }] : []))

/** What each subtask gets, in order. */
function dealtOut(stored: readonly OperatorStateSnapshot[][], to: number): (readonly unknown[])[] {
  return Array.from(
    { length: to },
    (_, subtask) => redistributeOperatorState(stored, subtask, to).find(({ name }) => name === 'state')?.entries ?? [],
  )
}

describe('operator state at another parallelism', () => {
  test('list: an even split, every entry in exactly one subtask, in order', () => {
    fc.assert(
      fc.property(copies, parallelism, (entries, to) => {
        fc.pre(entries.length !== to)
        const parts = dealtOut(storedAs('list', entries), to)
        expect(parts.flat()).toEqual(entries.flatMap((own) => own ?? []))
        const lengths = parts.map((part) => part.length)
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('list: at the same parallelism each subtask gets back what it had', () => {
    fc.assert(
      fc.property(copies, (entries) => {
        expect(dealtOut(storedAs('list', entries), entries.length)).toEqual(entries.map((own) => own ?? []))
      }),
    )
  })

  test('union: all to everyone', () => {
    fc.assert(
      fc.property(copies, parallelism, (entries, to) => {
        const all = entries.flatMap((own) => own ?? [])
        for (const part of dealtOut(storedAs('union', entries), to)) expect(part).toEqual(all)
      }),
    )
  })

  test('broadcast: the same copy everywhere, once', () => {
    fc.assert(
      fc.property(copies, parallelism, (entries, to) => {
        const first = entries.find((own) => own !== undefined) ?? []
        for (const part of dealtOut(storedAs('broadcast', entries), to)) expect(part).toEqual(first)
      }),
    )
  })

  test('states of several names are dealt out each on its own, and an empty one stays known', () => {
    const stored: OperatorStateSnapshot[][] = [
      [
        { name: 'a', mode: 'list', entries: [1, 2] },
        { name: 'none', mode: 'union', entries: [] },
      ],
      [{ name: 'b', mode: 'union', entries: [3] }],
      [{ name: 'a', mode: 'list', entries: [4] }],
    ]
    expect(redistributeOperatorState(stored, 1, 2)).toEqual([
      { name: 'a', mode: 'list', entries: [2, 4] },
      { name: 'none', mode: 'union', entries: [] },
      { name: 'b', mode: 'union', entries: [3] },
    ])
    expect(redistributeOperatorState([], 0, 2)).toEqual([])
  })

  test('a state with two modes is refused', () => {
    const stored = [...storedAs('list', [[1]]), ...storedAs('union', [[2]])]
    expect(() => redistributeOperatorState(stored, 0, 1)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', message: expect.stringContaining("'state'") }),
    )
  })
})
