import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  counted,
  millis,
  session,
  sideOutput,
  sliding,
  stagger,
  type TimeWindow,
  tumbling,
  type WindowAssigner,
} from '../../../../core/index.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import {
  emitted,
  endOfInput,
  type HarnessInput,
  ONE_BY_ONE,
  operatorHarness,
  watermark,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs } from '../../../setup/runs.js'
import { aligned, type Expected, type Reading, type Row, sessions } from '../window/model.js'
import { rowOf, VALUES } from '../window/window-harness.js'
import { operatorOf } from './operator-of.js'
import { type Item, left, randomSides, right } from './two-sides.js'

type Windows = WindowAssigner<unknown, TimeWindow>
const numbers = (items: readonly Item[]) => items.map(({ number }) => number).sort((one, other) => one - other)

function joining(windows: Windows, latenessMs = 0) {
  const create = operatorOf((lefts, rights) =>
    lefts
      .join(rights)
      .window(windows)
      .allowedLateness(millis(latenessMs))
      .process('joined', (one, other, { key, window }) => [[key, window.start, window.end, one.number, other.number]]),
  )
  return operatorHarness<Item, unknown>({ create, keyOf: ({ key }) => key, sideOutputs: ['lateLeft', 'lateRight'] })
}

function grouping(windows: Windows, latenessMs = 0) {
  const create = operatorOf((lefts, rights) =>
    lefts
      .coGroup(rights)
      .window(windows)
      .allowedLateness(millis(latenessMs))
      .process('joined', function* (ones, others, { key, window }) {
        yield [key, window.start, window.end, numbers(ones), numbers(others)]
      }),
  )
  return operatorHarness<Item, unknown>({ create, keyOf: ({ key }) => key, sideOutputs: ['lateLeft', 'lateRight'] })
}

describe('a window join', () => {
  test('is inner, per key and window, and stamps its results with the last millisecond of the window', async () => {
    await joining(tumbling(millis(10))).verify({
      input: [
        left('a', 1, 3),
        right('a', 2, 9),
        right('a', 3, 4),
        left('b', 4, 5),
        right('c', 5, 5),
        right('a', 6, 10),
        endOfInput(),
      ],
      expect: [emitted(['a', 0, 10, 1, 2], 9), emitted(['a', 0, 10, 1, 3], 9)],
    })
  })

  test('fires again for a late record that is allowed, and gives what is later to the late side of its stream', async () => {
    await joining(tumbling(millis(10)), 5).verify({
      input: [
        left('a', 1, 3),
        right('a', 2, 4),
        watermark(12),
        right('a', 3, 5),
        watermark(14),
        left('a', 4, 6),
        right('a', 5, 7),
      ],
      expect: [emitted(['a', 0, 10, 1, 2], 9), emitted(['a', 0, 10, 1, 2], 9), emitted(['a', 0, 10, 1, 3], 9)],
      sideOutputs: {
        lateLeft: [emitted({ key: 'a', number: 4 }, 6)],
        lateRight: [emitted({ key: 'a', number: 5 }, 7)],
      },
      counters: { lateRecords: 2 },
    })
  })

  test('lets a session of both sides grow together', async () => {
    await joining(session(millis(5))).verify({
      input: [left('a', 1, 10), left('a', 2, 18), right('a', 3, 14), right('a', 4, 40), endOfInput()],
      expect: [emitted(['a', 10, 23, 1, 3], 22), emitted(['a', 10, 23, 2, 3], 22)],
    })
  })

  test.each([
    ['stagger', stagger(millis(10)), 13],
    ['a session of a maximum length', session(millis(10), { maxLength: millis(10) }), 13],
  ] as [string, Windows, number][])(
    'knows the side of records that waited for their turn (%s)',
    async (_kind, windows, end) => {
      const input = [
        left('a', 1, 3),
        right('a', 2, 4),
        left('a', 3, 4),
        watermark(8),
        right('a', 4, 9),
        left('b', 5, 9),
      ]
      await joining(windows).verify({
        input: [...input, right('a', 6, 2), endOfInput()],
        expect: [1, 3].flatMap((one) => [2, 4].map((other) => emitted(['a', 3, end, one, other], end - 1))),
        sideOutputs: { lateRight: [emitted({ key: 'a', number: 6 }, 2)] },
      })
      await grouping(windows).verify({
        input: [...input, endOfInput()],
        expect: [emitted(['a', 3, end, [1, 3], [2, 4]], end - 1), emitted(['b', 9, 19, [5], []], 18)],
      })
    },
  )

  test('has side outputs and a life cycle, and names its step in errors', async () => {
    const closed: string[] = []
    const create = operatorOf((lefts, rights) =>
      lefts
        .join(rights)
        .window(tumbling(millis(10)))
        .process('joined', {
          sideOutputs: { seen: sideOutput<number>() },
          open: () => 'opened',
          process(one, other, ctx, opened) {
            ctx.sideOutputs.seen.emit(one.number)
            if (other.number < 0) throw new Error('no')
            return [`${opened} ${ctx.watermark}`]
          },
          close: (opened) => void closed.push(opened),
        }),
    )
    const options = { create, keyOf: ({ key }: Item) => key, sideOutputs: ['lateLeft', 'lateRight', 'seen'] }
    await operatorHarness<Item, unknown>(options).verify({
      input: [left('a', 7, 1), right('a', 8, 2), watermark(20)],
      expect: [emitted('opened 20', 9)],
      sideOutputs: { seen: [emitted(7, 9)] },
    })
    expect(closed.length).toBeGreaterThan(0)
    const failing = operatorHarness<Item, unknown>({ ...options, modes: [ONE_BY_ONE] })
    const verified = failing.verify({ input: [left('a', 7, 1), right('a', -1, 2), endOfInput()], expect: [] })
    await expect(verified).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED', operatorId: 'under-test' })
  })

  test('refuses a promise and a value that is no rows', async () => {
    const returning = (result: unknown) =>
      operatorHarness<Item, unknown>({
        create: operatorOf((lefts, rights) =>
          lefts
            .join(rights)
            .window(tumbling(millis(10)))
            .process('joined', () => result as never[]),
        ),
        keyOf: ({ key }) => key,
        modes: [ONE_BY_ONE],
      }).verify({ input: [left('a', 7, 1), right('a', 8, 2), endOfInput()], expect: [] })
    await expect(returning(Promise.resolve([]))).rejects.toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
    await expect(returning(3)).rejects.toMatchObject({ code: 'USER_FUNCTION_RESULT_INVALID' })
  })
})

test('a co-group has both lists, of which one may be empty', async () => {
  await grouping(tumbling(millis(10))).verify({
    input: [left('a', 1, 3), right('b', 2, 9), right('a', 3, 4), left('a', 4, 3), endOfInput()],
    expect: [emitted(['a', 0, 10, [1, 4], [3]], 9), emitted(['b', 0, 10, [], [2]], 9)],
  })
})

/** The side is in the value, for a model that knows nothing of sides. */
function asReadings(input: readonly HarnessInput<Item>[]): HarnessInput<Reading>[] {
  return input.map((element) =>
    element.kind === 'record'
      ? { ...element, value: { key: element.value.key, value: 2 * element.value.number + element.input } }
      : element,
  )
}

const ofSide = (values: readonly number[], side: number) =>
  values.filter((value) => value % 2 === side).map((value) => (value - side) / 2)

function expectedOf({ rows, late }: Expected, kind: 'join' | 'coGroup') {
  const expect = rows.flatMap(({ value: { key, start, end, values }, timestamp }) => {
    const [ones, others] = [ofSide(values, 0), ofSide(values, 1)]
    if (kind === 'coGroup') return [emitted<unknown>([key, start, end, ones, others], timestamp)]
    return ones.flatMap((one) => others.map((other) => emitted<unknown>([key, start, end, one, other], timestamp)))
  })
  const lateOf = (side: number) =>
    late.flatMap(({ value: { key, value }, timestamp }) =>
      ofSide([value], side).map((number) => emitted({ key, number }, timestamp)),
    )
  return {
    expect,
    sideOutputs: { lateLeft: lateOf(0), lateRight: lateOf(1) },
    counters: { lateRecords: late.length },
  }
}

describe('over random streams what a plain computation over all records gives', () => {
  const cases = fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    slide: fc.integer({ min: 1, max: 12 }),
    lateness: fc.constantFrom(0, 0, 1, 3, 7, 30),
    kind: fc.constantFrom('join' as const, 'coGroup' as const),
    input: randomSides(15),
  })
  type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never

  const verify = async (windows: Windows, expected: Expected, { kind, lateness, input }: Case) => {
    const harness = (kind === 'join' ? joining : grouping)(windows, lateness)
    await harness.verify({ input, ...expectedOf(expected, kind) })
  }

  test('a join and a co-group of tumbling windows are', async () => {
    const property = fc.asyncProperty(cases, async (of) => {
      const { size, lateness, input } = of
      const expected = aligned(asReadings(input), { size, slide: size, offset: 0, lateness })
      await verify(tumbling(millis(size)), expected, of)
    })
    await fc.assert(property, runs(200))
  })

  test('a join and a co-group of sliding windows are', async () => {
    const property = fc.asyncProperty(cases, async (of) => {
      const { size, slide, lateness, input } = of
      const expected = aligned(asReadings(input), { size, slide, offset: 0, lateness })
      await verify(sliding(millis(size), millis(slide)), expected, of)
    })
    await fc.assert(property, runs(200))
  })

  test.each([
    ['stagger windows', (size: number) => stagger(millis(size))],
    [
      'sessions of a maximum length',
      (size: number, slide: number) => session(millis(size), { maxLength: millis(size + slide) }),
    ],
    ['counted windows', (size: number, slide: number) => counted(size, { slide })],
  ] as const)('a join and a co-group of %s have what one stream of both sides has', async (_kind, windowsOf) => {
    const property = fc.asyncProperty(cases, async (of) => {
      const { size, slide, input } = of
      const windows = windowsOf(size, slide)
      // Nothing is late for counted windows.
      const lateness = windows.spec.kind === 'counted' ? 0 : of.lateness
      const spec = {
        assigner: windows,
        allowedLatenessMs: lateness,
        contents: { kind: 'aggregate', aggregate: VALUES, shape: rowOf },
      } as const
      const create = () => windowOperator<Reading, TimeWindow, number[], number[], Row>(spec)
      const options = { create, keyOf: ({ key }: Reading) => key, sideOutputs: ['late'] }
      const united = await runCase<Reading>(options, ONE_BY_ONE, asReadings(input))
      const late = united.sideOutputs['late'] as Expected['late']
      const rows = united.sections.flat() as Expected['rows']
      await verify(windows, { rows, late, outside: 0 }, { ...of, lateness })
    })
    await fc.assert(property, runs(200))
  })

  test('a join and a co-group of sessions are', async () => {
    const property = fc.asyncProperty(cases, async (of) => {
      const { size, lateness, input } = of
      await verify(session(millis(size)), sessions(asReadings(input), { gap: size, lateness }), of)
    })
    await fc.assert(property, runs(200))
  })
})
