import { millis } from '../../../../core/duration.js'
import type { SideOutputs } from '../../../../core/operators/side-output.js'
import { type WindowOperatorSpec, windowOperator } from '../../../../core/operators/window/index.js'
import type { StateDeclarations } from '../../../../core/state/declare.js'
import { calledFunction } from '../../../../core/stream/window-contents.js'
import type { SummaryFunction } from '../../../../core/stream/window-function.js'
import { combine, count, sum } from '../../../../core/window/aggregates/index.js'
import { eventTime, keepLast, stagger, tumbling, type Window } from '../../../../core/window/index.js'
import { operatorHarness } from '../../../harness/index.js'
import type { Reading } from './model.js'

/** The trigger of the default, as one that a user gives: windows are kept in another way. */
export const sameAsDefault = Object.freeze({ ...eventTime(), kind: 'sameAsDefault()' })

/** Windows whose function is the test's. */
export type FunctionCase = Pick<WindowOperatorSpec<Reading, Window>, 'assigner' | 'trigger' | 'evictor'> & {
  readonly latenessMs?: number
}

/** Windows with a function of the values. */
export function functionOptions<
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
  O extends SideOutputs = Record<never, never>,
>(
  { latenessMs = 0, ...windows }: FunctionCase,
  fn: SummaryFunction<string, readonly Reading[], Window, O, R, C, G, S>,
  sides: readonly string[] = [],
) {
  return {
    create: () =>
      windowOperator<Reading, Window, unknown, unknown, R>({
        ...windows,
        allowedLatenessMs: latenessMs,
        contents: { kind: 'process', ...calledFunction(fn, sides) },
      }),
    keyOf: (reading: Reading) => reading.key,
    sideOutputs: ['late', ...sides],
  }
}

export const functionHarness = <
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
  O extends SideOutputs = Record<never, never>,
>(
  windows: FunctionCase,
  fn: SummaryFunction<string, readonly Reading[], Window, O, R, C, G, S>,
  sides: readonly string[] = [],
) => operatorHarness(functionOptions(windows, fn, sides))

const totals = combine<Reading, { n: ReturnType<typeof count>; total: ReturnType<typeof sum<Reading>> }>({
  n: count(),
  total: sum((reading: Reading) => reading.value),
})

/** Windows with a function of how many values they have, and of their sum. */
export function summaryOptions<
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
>(
  { latenessMs = 0, ...windows }: FunctionCase,
  fn: SummaryFunction<string, { readonly n: number; readonly total: number }, Window, Record<never, never>, R, C, G, S>,
) {
  return {
    create: () =>
      windowOperator<Reading, Window, unknown[], { readonly n: number; readonly total: number }, R>({
        ...windows,
        allowedLatenessMs: latenessMs,
        contents: { kind: 'summary', aggregate: totals, ...calledFunction(fn, []) },
      }),
    keyOf: (reading: Reading) => reading.key,
    sideOutputs: ['late'],
  }
}

export const summaryHarness = <
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
>(
  windows: FunctionCase,
  fn: SummaryFunction<string, { readonly n: number; readonly total: number }, Window, Record<never, never>, R, C, G, S>,
) => operatorHarness(summaryOptions(windows, fn))

export const tens: FunctionCase = { assigner: tumbling(millis(10)) }
/** With the time of the results of windows that begin with records at 10, 12, 30 and 62. */
export const LASTING: [string, FunctionCase, readonly [number, number, number, number]][] = [
  ['tumbling', tens, [19, 19, 39, 69]],
  ['tumbling with a trigger', { ...tens, trigger: sameAsDefault }, [19, 19, 39, 69]],
  ['tumbling with an evictor', { ...tens, evictor: keepLast(99) }, [19, 19, 39, 69]],
  ['stagger', { assigner: stagger(millis(10)) }, [19, 21, 39, 71]],
]
