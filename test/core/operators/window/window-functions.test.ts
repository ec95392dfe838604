import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import type { TidemarkError } from '../../../../core/errors.js'
import { sideOutput } from '../../../../core/operators/side-output.js'
import { valueState } from '../../../../core/state/declare.js'
import { counted, session, sliding, type TimeWindow } from '../../../../core/window/index.js'
import { type Emitted, emitted, endOfInput, watermark } from '../../../harness/index.js'
import { ONE_BY_ONE } from '../../../harness/modes.js'
import { runCase } from '../../../harness/run-case.js'
import { runs } from '../../../setup/runs.js'
import {
  type FunctionCase,
  functionHarness,
  functionOptions,
  LASTING,
  sameAsDefault,
  summaryHarness,
  summaryOptions,
  tens,
} from './function-harness.js'
import type { Reading } from './model.js'
import { at, randomInput } from './window-harness.js'

test.each(LASTING)('state and side outputs of a call are refused when it is over (%s)', async (_name, windows) => {
  const late: (() => unknown)[] = []
  const options = functionOptions(
    windows,
    {
      keyState: { windows: valueState<number>() },
      windowState: { firings: valueState<number>() },
      sideOutputs: { side: sideOutput<number>() },
      *process(_readings: readonly Reading[], { keyState, windowState, sideOutputs }) {
        late.push(
          () => keyState.windows.value(),
          () => keyState.windows.update(2),
          () => windowState.firings.value(),
          () => windowState.firings.update(2),
          () => sideOutputs.side.emit(2),
        )
        yield 1
      },
    },
    ['side'],
  )
  await runCase(options, ONE_BY_ONE, [at(1, 1), watermark(15), at(20, 2)])
  expect(late).toHaveLength(5)
  const codes = late.map((call) => {
    try {
      return call()
    } catch (thrown) {
      return (thrown as TidemarkError).code
    }
  })
  const refused = 'STATE_WITHOUT_KEY'
  expect(codes).toEqual([refused, refused, refused, refused, 'EMIT_OUTSIDE_CALL'])
})

test('a function of a window emits to side outputs, stamped as its rows are', async () => {
  await functionHarness(
    tens,
    {
      sideOutputs: { small: sideOutput<number>() },
      process(readings: readonly Reading[], { sideOutputs }: { sideOutputs: { small: { emit(n: number): void } } }) {
        if (readings.length < 2) sideOutputs.small.emit(readings.length)
        return readings.length < 2 ? [] : [readings.length]
      },
    },
    ['small'],
  ).verify({
    input: [at(1, 1), at(2, 2), at(11, 3), watermark(19)],
    expect: [emitted(2, 9)],
    sideOutputs: { small: [emitted(1, 19)] },
  })
})

describe('a function of aggregates', () => {
  const SUMMARIES: [string, FunctionCase][] = [
    ...LASTING.map(([name, windows]): [string, FunctionCase] => [name, windows]),
    ['sliding', { assigner: sliding(millis(10), millis(5)) }],
    ['sliding with a trigger', { assigner: sliding(millis(10), millis(5)), trigger: sameAsDefault }],
    ['session', { assigner: session(millis(5)) }],
    ['counted', { assigner: counted(2) }],
  ]

  test.each(SUMMARIES)('gives what rows of the aggregates say, row by row (%s)', async (_name, windows) => {
    await fc.assert(
      fc.asyncProperty(randomInput(15), fc.constantFrom(0, 7, Number.POSITIVE_INFINITY), async (input, lateness) => {
        const latenessMs = 'size' in windows.assigner.spec ? 0 : lateness
        const each = summaryOptions({ ...windows, latenessMs }, ({ n, total }, { key, window }) => [
          { key, window, n, total },
        ])
        const { sections, sideOutputs } = await runCase(each, ONE_BY_ONE, input)
        // What summaryOptions makes.
        const rows = sections.flat() as readonly Emitted<{ readonly key: string; readonly window: TimeWindow }>[]
        await summaryHarness(
          { ...windows, latenessMs },
          {
            *process({ n, total }, { key, window }) {
              yield { key, window, n, total }
              yield { key, again: (window as TimeWindow).end }
            },
          },
        ).verify({
          input,
          expect: rows.flatMap(({ value, timestamp }) => [
            emitted(value, timestamp),
            emitted({ key: value.key, again: value.window.end }, timestamp),
          ]),
          sideOutputs,
        })
      }),
      runs(Math.ceil(240 / SUMMARIES.length)),
    )
  })

  test('may have state, of the key and of the window', async () => {
    await summaryHarness(
      { ...tens, latenessMs: 10 },
      {
        keyState: { before: valueState<number>() },
        windowState: { given: valueState<boolean>() },
        process({ total }, { keyState, windowState }) {
          if (windowState.given.value()) return [`corrected: ${total}`]
          windowState.given.update(true)
          const before = keyState.before.value()
          keyState.before.update(total)
          return [`${before} -> ${total}`]
        },
      },
    ).verify({
      input: [at(1, 1), watermark(9), at(2, 2), at(11, 5), watermark(19), endOfInput()],
      expect: [emitted('undefined -> 1', 9), emitted('corrected: 3', 9), emitted('1 -> 5', 19)],
    })
  })
})
