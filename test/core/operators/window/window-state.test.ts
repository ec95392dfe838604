import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { Batch } from '../../../../core/element.js'
import type { TidemarkError } from '../../../../core/errors.js'
import { type SideOutputs, sideOutput } from '../../../../core/operators/side-output.js'
import { type WindowOperatorSpec, windowOperator } from '../../../../core/operators/window/index.js'
import {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  type StateDeclarations,
  valueState,
} from '../../../../core/state/declare.js'
import { framesOf, readFrame } from '../../../../core/state/frames.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../../core/state/key-groups.js'
import { calledFunction } from '../../../../core/stream/window-contents.js'
import type { SummaryFunction } from '../../../../core/stream/window-function.js'
import { combine, count, sum } from '../../../../core/window/aggregates/index.js'
import {
  afterCount,
  counted,
  eachRecord,
  eventTime,
  global,
  keepLast,
  onTime,
  session,
  sliding,
  stagger,
  type TimeWindow,
  tumbling,
  type Window,
  type WindowAssigner,
} from '../../../../core/window/index.js'
import { HarnessEnvironment } from '../../../harness/environment.js'
import { type Emitted, emitted, endOfInput, operatorHarness, watermark } from '../../../harness/index.js'
import { HarnessMetrics } from '../../../harness/metrics.js'
import { ONE_BY_ONE } from '../../../harness/modes.js'
import { OperatorInstance } from '../../../harness/operator-instance.js'
import { runCase } from '../../../harness/run-case.js'
import { EMPTY_SNAPSHOT, type OperatorSnapshot } from '../../../harness/snapshot.js'
import { runs } from '../../../setup/runs.js'
import type { Reading } from './model.js'
import { at, randomInput } from './window-harness.js'

const sameAsDefault = Object.freeze({ ...eventTime(), kind: 'sameAsDefault()' })

type Case = Pick<WindowOperatorSpec<Reading, Window>, 'assigner' | 'trigger' | 'evictor'> & {
  readonly latenessMs?: number
}

/** Windows with a function of the values, or of what `totals` makes of them. */
function functionOptions<
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
  O extends SideOutputs = Record<never, never>,
>(
  { latenessMs = 0, ...windows }: Case,
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

const functionHarness = <
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
  O extends SideOutputs = Record<never, never>,
>(
  windows: Case,
  fn: SummaryFunction<string, readonly Reading[], Window, O, R, C, G, S>,
  sides: readonly string[] = [],
) => operatorHarness(functionOptions(windows, fn, sides))

const totals = combine<Reading, { n: ReturnType<typeof count>; total: ReturnType<typeof sum<Reading>> }>({
  n: count(),
  total: sum((reading: Reading) => reading.value),
})

function summaryOptions<
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
>(
  { latenessMs = 0, ...windows }: Case,
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

const summaryHarness = <
  R,
  C,
  G extends StateDeclarations = Record<never, never>,
  S extends StateDeclarations = Record<never, never>,
>(
  windows: Case,
  fn: SummaryFunction<string, { readonly n: number; readonly total: number }, Window, Record<never, never>, R, C, G, S>,
) => operatorHarness(summaryOptions(windows, fn))

const tens: Case = { assigner: tumbling(millis(10)) }
/** With the time of the results of windows that begin with records at 10, 12, 30 and 62. */
const LASTING: [string, Case, readonly [number, number, number, number]][] = [
  ['tumbling', tens, [19, 19, 39, 69]],
  ['tumbling with a trigger', { ...tens, trigger: sameAsDefault }, [19, 19, 39, 69]],
  ['tumbling with an evictor', { ...tens, evictor: keepLast(99) }, [19, 19, 39, 69]],
  ['stagger', { assigner: stagger(millis(10)) }, [19, 21, 39, 71]],
]
const SESSION: (typeof LASTING)[number] = ['session', { assigner: session(millis(2)) }, [12, 13, 31, 63]]

describe('the state of a key', () => {
  test.each([...LASTING, SESSION])(
    'is there for all windows of the key, and for no other key (%s)',
    async (_name, windows, [first, second, third, fourth]) => {
      await functionHarness(windows, {
        keyState: { windows: valueState<number>() },
        process(readings, ctx) {
          const n = (ctx.keyState.windows.value() ?? 0) + 1
          ctx.keyState.windows.update(n)
          return [`${ctx.key}${n}: ${readings.length}`]
        },
      }).verify({
        input: [at(10, 1), at(11, 2), at(12, 1, 'b'), watermark(20), at(30, 3), watermark(50), at(62, 4), endOfInput()],
        expect: [emitted('a1: 2', first), emitted('b1: 1', second), emitted('a2: 1', third), emitted('a3: 1', fourth)],
      })
    },
  )

  test('is of counted and global windows too', async () => {
    const fn = {
      keyState: { fired: reducingState<number>((left, right) => left + right) },
      process(
        _readings: readonly Reading[],
        ctx: { keyState: { fired: { add(n: number): void; value(): number | undefined } } },
      ) {
        ctx.keyState.fired.add(1)
        return [ctx.keyState.fired.value()]
      },
    }
    const input = [at(1, 1), at(2, 2), at(3, 3), at(4, 4)]
    await functionHarness({ assigner: counted(2) }, fn).verify({ input, expect: [emitted(1, 2), emitted(2, 4)] })
    const forEver = Number.POSITIVE_INFINITY
    await functionHarness({ assigner: global(), trigger: afterCount(2) }, fn).verify({
      input,
      expect: [emitted(1, forEver), emitted(2, forEver)],
    })
  })
})

describe('the state of a window', () => {
  test.each(LASTING)(
    'is there for all firings of it, for no other window, and goes with it (%s)',
    async (_name, windows, [, last]) => {
      await functionHarness(
        { ...windows, latenessMs: 5 },
        {
          windowState: {
            firings: valueState<number>({ initial: () => 0 }),
            seen: listState<number>(),
            sizes: mapState<string, number>(),
            most: reducingState<number>(Math.max),
            n: aggregatingState(count()),
          },
          process(readings, { windowState: { firings, seen, sizes, most, n } }) {
            firings.mutate((before) => (before ?? 0) + 1)
            seen.add(readings.length)
            sizes.put('last', readings.length)
            most.add(readings.length)
            n.add(undefined)
            return [
              {
                firings: firings.value(),
                seen: [...seen.values()],
                last: sizes.get('last'),
                most: most.value(),
                n: n.value(),
              },
            ]
          },
        },
      ).verify({
        input: [at(0, 1), at(1, 2), watermark(9), at(2, 3), at(12, 4), watermark(21), endOfInput()],
        expect: [
          emitted({ firings: 1, seen: [2], last: 2, most: 2, n: 1 }, 9),
          emitted({ firings: 2, seen: [2, 3], last: 3, most: 3, n: 2 }, 9),
          emitted({ firings: 1, seen: [1], last: 1, most: 1, n: 1 }, last),
        ],
      })
    },
  )

  test('stays until the rows of the last firing are out', async () => {
    await functionHarness(tens, {
      windowState: { rows: valueState<number>() },
      *process(readings, { windowState }) {
        for (const { value } of readings) {
          windowState.rows.update((windowState.rows.value() ?? 0) + 1)
          yield `${value}: ${windowState.rows.value()}`
        }
      },
    }).verify({
      input: [at(1, 7), at(2, 8), at(3, 9), watermark(9), endOfInput()],
      expect: [emitted('7: 1', 9), emitted('8: 2', 9), emitted('9: 3', 9)],
    })
  })

  test('is not met by a window that begins where one was', async () => {
    await functionHarness(
      { assigner: stagger(millis(10)), latenessMs: 0 },
      {
        windowState: { n: valueState<number>() },
        process(_readings, { windowState }) {
          windowState.n.update((windowState.n.value() ?? 0) + 1)
          return [windowState.n.value()]
        },
      },
    ).verify({ input: [at(0, 1), watermark(20), at(40, 2), endOfInput()], expect: [emitted(1, 9), emitted(1, 49)] })
  })

  test('purging drops the contents and not the state, until the window is over', async () => {
    const trigger = onTime().early(eachRecord())
    await functionHarness(
      { ...tens, trigger },
      {
        windowState: { n: valueState<number>() },
        process(_readings, { windowState }) {
          windowState.n.update((windowState.n.value() ?? 0) + 1)
          return [windowState.n.value()]
        },
      },
    ).verify({
      input: [at(1, 1), at(2, 2), watermark(9)],
      expect: [emitted(1, 9), emitted(2, 9), emitted(3, 9)],
    })
  })

  test.each<[string, WindowAssigner<unknown, Window>]>([
    ['sessions merge', session(millis(5))],
    ['never ends', global()],
    ['fires once', counted(5)],
  ])('is refused where it cannot be kept: %s', (why, assigner) => {
    const contents = { kind: 'process', windowState: { n: valueState() }, process: () => [] } as const
    expect(() => windowOperator({ assigner, allowedLatenessMs: 0, contents })).toThrow(why)
  })
})

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
  const SUMMARIES: [string, Case][] = [
    ...LASTING.map(([name, windows]): [string, Case] => [name, windows]),
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
      runs(Math.ceil(60 / SUMMARIES.length)),
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

test.each(LASTING)('the state of a window that is over is no longer stored (%s)', async (_name, windows) => {
  const fn = {
    windowState: { n: valueState<number>() },
    process(_readings: readonly Reading[], { windowState }: { windowState: { n: { update(n: number): void } } }) {
      windowState.n.update(1)
      return []
    },
  }
  const instance = new OperatorInstance({
    operator: functionOptions({ ...windows, latenessMs: 5 }, fn).create(),
    index: 0,
    parallelism: 1,
    maxParallelism: 4,
    sideOutputs: ['late'],
    environment: new HarnessEnvironment(0),
    metrics: new HarnessMetrics(),
    parameters: {},
    restored: EMPTY_SNAPSHOT,
    ports: [[], []],
    capacity: 16,
    isClosedEverySecondCall: false,
  })
  await instance.open()
  const batch = new Batch<Reading>([{ key: 'a', value: 1 }], [0], [toInternalKey('a')], [keyGroupOf('a', 4)])
  await instance.send(batch, 0)
  await instance.advanceWatermark(9)
  expect(storedIn((await instance.begin('savepoint')).complete())).toContain('window-state:n')
  await instance.advanceWatermark(14)
  expect(storedIn((await instance.begin('savepoint')).complete())).not.toContain('window-state:n')
  await instance.close()
})

/** Components that have entries. */
function storedIn({ objects }: OperatorSnapshot): readonly string[] {
  const fail = (found: string): Error => new Error(found)
  return objects.flatMap(({ bytes }) =>
    [...framesOf(bytes, fail)]
      .map((raw) => readFrame(raw, fail))
      .filter(({ entries }) => entries.hasMore)
      .map(({ component }) => component),
  )
}
