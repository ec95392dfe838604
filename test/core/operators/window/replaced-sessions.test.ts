import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { type WindowOperatorSpec, windowOperator } from '../../../../core/operators/window/index.js'
import {
  afterCount,
  eventTime,
  purging,
  session,
  type TimeWindow,
  type Trigger,
} from '../../../../core/window/index.js'
import {
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  operatorHarness,
  RESTORED,
  watermark,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs } from '../../../setup/runs.js'
import { type Reading, sessions } from './model.js'
import { at, randomInput, VALUES } from './window-harness.js'

interface Result {
  readonly key: unknown
  readonly window: TimeWindow
  readonly values: readonly number[]
  readonly replaces: readonly TimeWindow[]
}

interface Case {
  readonly gap?: number
  readonly latenessMs: number
  readonly trigger?: Trigger
  readonly contents?: 'aggregate' | 'process'
}

function harness({ gap = 10, latenessMs, trigger, contents = 'aggregate' }: Case) {
  const spec: WindowOperatorSpec<Reading, TimeWindow, number[], number[], Result> = {
    assigner: session(millis(gap)),
    allowedLatenessMs: latenessMs,
    ...(trigger && { trigger }),
    contents:
      contents === 'aggregate'
        ? {
            kind: 'aggregate',
            aggregate: VALUES,
            shape: (key, window, values, replaces) => ({ key, window, values, replaces }),
          }
        : {
            kind: 'process',
            *process(key, window, readings, { replaces }) {
              yield { key, window, values: VALUES.result(readings.map(({ value }) => value)), replaces }
            },
          },
  }
  return { create: () => windowOperator(spec), keyOf: (reading: Reading) => reading.key, sideOutputs: ['late'] }
}

const window = (start: number, end: number): TimeWindow => ({ start, end })
const result = (of: TimeWindow, values: readonly number[], replaces: readonly TimeWindow[] = []) =>
  emitted<Result>({ key: 'a', window: of, values, replaces }, of.end - 1)

describe.each(['aggregate', 'process'] as const)('a session that has fired (%s)', (contents) => {
  const verify = (
    options: Case,
    input: readonly HarnessInput<Reading>[],
    rows: readonly Emitted<Result>[],
  ): Promise<void> =>
    operatorHarness<Reading, Result>(harness({ ...options, contents })).verify({ input, expect: rows })

  test('and becomes longer by a late record says that its next result replaces the first one', async () => {
    await verify(
      { latenessMs: 20 },
      [at(0, 1), watermark(9), at(5, 2), watermark(14), endOfInput()],
      [result(window(0, 10), [1]), result(window(0, 15), [1, 2], [window(0, 10)])],
    )
  })

  test('and merges with others says that it replaces what each of them gave', async () => {
    await verify(
      { latenessMs: 50 },
      [at(0, 1), at(20, 2), watermark(29), at(10, 3), endOfInput()],
      [
        result(window(0, 10), [1]),
        result(window(20, 30), [2]),
        result(window(0, 30), [1, 2, 3], [window(0, 10), window(20, 30)]),
      ],
    )
  })

  test('and fires again with the same bounds replaces nothing: it is the same result', async () => {
    await verify(
      { latenessMs: 20 },
      [at(0, 1), at(5, 2), watermark(14), at(3, 3), endOfInput()],
      [result(window(0, 15), [1, 2]), result(window(0, 15), [1, 2, 3])],
    )
  })

  test('says so once: what was replaced is not replaced again', async () => {
    await verify(
      { latenessMs: 50 },
      [at(0, 1), watermark(9), at(5, 2), watermark(14), at(9, 3), endOfInput()],
      [
        result(window(0, 10), [1]),
        result(window(0, 15), [1, 2], [window(0, 10)]),
        result(window(0, 19), [1, 2, 3], [window(0, 15)]),
      ],
    )
  })

  test('early replaces its early result', async () => {
    await verify(
      { latenessMs: 0, trigger: afterCount(1) },
      [at(0, 1), at(4, 2), at(4, 3)],
      [result(window(0, 10), [1]), result(window(0, 14), [1, 2], [window(0, 10)]), result(window(0, 14), [1, 2, 3])],
    )
  })

  test('and was purged replaces nothing: its later results do not have what the first one had', async () => {
    await verify(
      { latenessMs: 20, trigger: purging(eventTime()) },
      [at(0, 1), watermark(9), at(5, 2), endOfInput()],
      [result(window(0, 10), [1]), result(window(0, 15), [2])],
    )
  })
})

describe('a sink that deletes what is replaced', () => {
  test('holds in the end one result for each session, as a plain computation over all records has them', async () => {
    const cases = fc.record({ gap: fc.integer({ min: 1, max: 8 }), early: fc.boolean(), input: randomInput(15) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ gap, early, input }) => {
        const trigger = early ? { trigger: afterCount(1) } : {}
        const rows = await rowsOf({ gap, latenessMs: Number.POSITIVE_INFINITY, ...trigger }, input)
        const shown = new Map<string, string>()
        for (const { key, window: of, values, replaces } of rows) {
          for (const { start, end } of replaces) shown.delete(`${key}@${start}-${end}`)
          shown.set(`${key}@${of.start}-${of.end}`, values.join())
        }
        const records = input.filter(({ kind }) => kind === 'record')
        const plain = sessions([...records, endOfInput()], { gap, lateness: 0 }).rows
        const expected = plain.map(({ value }) => [`${value.key}@${value.start}-${value.end}`, value.values.join()])
        expect([...shown].sort()).toEqual(expected.sort())
      }),
      runs(200),
    )
  })
})

/** All rows of one subtask, which restarts after every element. */
async function rowsOf(options: Case, input: readonly HarnessInput<Reading>[]): Promise<Result[]> {
  const { sections } = await runCase(harness(options), RESTORED, input)
  return sections.flat().map(({ value }) => value as Result)
}
