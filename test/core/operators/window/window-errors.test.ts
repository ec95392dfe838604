import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../../connectors/collection/index.js'
import type { DeadLetter } from '../../../../core/connector.js'
import { NO_TIMESTAMP } from '../../../../core/element.js'
import {
  afterCount,
  count,
  counted,
  defineJob,
  type Evictor,
  eachRecord,
  global,
  type KeyedStream,
  keepLast,
  listState,
  millis,
  type OnError,
  purging,
  type Stream,
  session,
  sideOutput,
  sliding,
  stagger,
  sum,
  type TimeWindow,
  tumbling,
  valueState,
  type Window,
  type WindowAssigner,
  type WindowedStream,
} from '../../../../core/index.js'
import type { Operator } from '../../../../core/operators/operator.js'
import {
  ALL_MODES,
  emitted,
  endOfInput,
  type HarnessInput,
  operatorHarness,
  watermark,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs, timeout } from '../../../setup/runs.js'
import type { Reading } from './model.js'
import { at, randomInput } from './window-harness.js'

/** What the functions of these tests cannot take. */
const BAD = 5
const SIDES = ['late', 'failed']
const keyOf = ({ key }: Reading) => key

function checked(value: number): number {
  if (value === BAD) throw new RangeError('five')
  return value
}

/** A fresh operator of the step that a job has under the id `windows`. */
function operatorOf(build: (readings: KeyedStream<string, Reading>) => Stream<unknown>): () => Operator {
  const job = defineJob('under-test', (builder) => {
    build(builder.from('readings', collection<Reading>([])).keyBy(keyOf)).to('out', collectInto<unknown>([]))
  })
  const node = job.build({}).nodes.find(({ id }) => id === 'windows')
  if (node?.kind !== 'operator') throw new Error("the job has no step 'windows'")
  return node.create
}

const harnessOf = (create: () => Operator, sideOutputs: readonly string[] = SIDES) =>
  operatorHarness<Reading, unknown>({ create, keyOf, sideOutputs, startAt: 500 })

type Windows = WindowedStream<string, Reading, Window>

const KINDS: [string, WindowAssigner<Reading, Window>][] = [
  ['tumbling', tumbling(millis(10))],
  ['sliding', sliding(millis(10), millis(5))],
  ['session', session((reading: Reading) => millis(1 + checked(reading.value)))],
  ['session of a maximum length', session(millis(5), { maxLength: millis(8) })],
  ['stagger', stagger(millis(10))],
  ['counted', counted(2)],
  ['counted, overlapping', counted(3, { slide: 2 })],
]
const STEPS: [string, (windows: Windows, onError?: OnError) => Stream<unknown>][] = [
  [
    'aggregate',
    (windows, onError) =>
      windows.aggregate(
        'windows',
        { n: count(), total: sum(({ value }) => checked(value)) },
        { onError: onError ?? 'fail' },
      ),
  ],
  [
    'aggregate with a function',
    (windows, onError) =>
      windows.aggregate(
        'windows',
        { n: count(), total: sum(({ value }) => checked(value)) },
        ({ n, total }, { key, window }) => [{ key, window, n, total }],
        { onError: onError ?? 'fail' },
      ),
  ],
]

describe.each(STEPS)('a record at which a selector of %s throws', (_step, build) => {
  test.each(KINDS)('is as if it had never come, over random streams (%s)', { timeout }, async (_kind, assigner) => {
    await fc.assert(
      fc.asyncProperty(randomInput(15), fc.constantFrom(0, 7), async (input, lateness) => {
        const windowed = (readings: KeyedStream<string, Reading>): Windows =>
          assigner.spec.kind === 'counted'
            ? readings.window(assigner)
            : readings.window(assigner).allowedLateness(millis(lateness))
        const without = input.filter((element) => element.kind !== 'record' || element.value.value !== BAD)
        const plain = await runCase<Reading>(
          { create: operatorOf((readings) => build(windowed(readings))), keyOf, sideOutputs: ['late'] },
          ALL_MODES[0]!,
          without,
        )
        await harnessOf(operatorOf((readings) => build(windowed(readings), 'skip'))).verify({
          input,
          expect: plain.sections.flat() as never,
          sideOutputs: plain.sideOutputs,
          counters: { skippedRecords: input.length - without.length },
        })
      }),
      runs(4),
    )
  })

  test('is a dead letter, and can be put back', async () => {
    const create = operatorOf((readings) => build(readings.window(tumbling(millis(10))), 'deadLetter'))
    for (const mode of ALL_MODES) {
      const { sideOutputs } = await runCase<Reading>({ create, keyOf, sideOutputs: SIDES, startAt: 500 }, mode, [
        at(1, 1),
        at(2, BAD),
        at(3, 3),
        watermark(9),
      ])
      const letters = sideOutputs['failed'] as readonly { readonly value: DeadLetter }[]
      expect(letters.map(({ value: { raw, isPart } }) => [JSON.parse(new TextDecoder().decode(raw)), isPart])).toEqual([
        [{ key: 'a', value: BAD }, false],
      ])
    }
  })
})

test('a record without a timestamp follows the policy', async () => {
  const create = operatorOf((readings) =>
    readings.window(tumbling(millis(10))).aggregate('windows', { n: count() }, { onError: 'skip' }),
  )
  await harnessOf(create).verify({
    input: [at(NO_TIMESTAMP, 1), at(3, 2), watermark(9)],
    expect: [emitted({ key: 'a', window: { start: 0, end: 10 }, n: 1 }, 9)],
    counters: { skippedRecords: 1 },
  })
})

describe("a window's function that throws", () => {
  /** Fails where a reading is bad, after it has done everything that is to be taken back. */
  const careless = (readings: KeyedStream<string, Reading>, onError: OnError, change = (windows: Windows) => windows) =>
    change(readings.window(tumbling(millis(10))).allowedLateness(millis(5))).process(
      'windows',
      {
        keyState: { sizes: listState<number>() },
        windowState: { calls: valueState<number>(), own: listState<number>() },
        sideOutputs: { seen: sideOutput<number>() },
        *process(values: readonly Reading[], { keyState, windowState, sideOutputs }) {
          keyState.sizes.add(values.length)
          windowState.calls.update((windowState.calls.value() ?? 0) + 1)
          windowState.own.add(values.length)
          sideOutputs.seen.emit(values.length)
          yield 'begun'
          if (values.length === 2) throw new RangeError('two')
          const own = [...windowState.own.values()]
          yield { sizes: [...keyState.sizes.values()], calls: windowState.calls.value(), own }
        },
      },
      { onError },
    )

  test('leaves nothing behind, and the window, its timers and other keys go on', async () => {
    await harnessOf(
      operatorOf((readings) => careless(readings, 'skip')),
      ['late', 'seen', 'failed'],
    ).verify({
      input: [at(1, 1), at(2, 2), at(3, 3, 'b'), watermark(9), at(4, 4), watermark(14), at(12, 5), endOfInput()],
      expect: [
        emitted('begun', 9),
        emitted({ sizes: [1], calls: 1, own: [1] }, 9),
        emitted('begun', 9),
        emitted({ sizes: [3], calls: 1, own: [3] }, 9),
        emitted('begun', 19),
        emitted({ sizes: [3, 1], calls: 1, own: [1] }, 19),
      ],
      sideOutputs: { seen: [emitted(1, 9), emitted(3, 9), emitted(1, 19)] },
      counters: { skippedRecords: 1 },
    })
  })

  test('has a dead letter of key and window, which is no record', async () => {
    const create = operatorOf((readings) => careless(readings, 'deadLetter'))
    for (const mode of ALL_MODES) {
      const options = { create, keyOf, sideOutputs: ['late', 'seen', 'failed'], startAt: 500 }
      const { sideOutputs } = await runCase<Reading>(options, mode, [at(1, 1), at(2, 2), watermark(9)])
      const [letter, ...more] = sideOutputs['failed'] as readonly {
        readonly value: DeadLetter
        readonly timestamp: number
      }[]
      expect(more, mode.name).toEqual([])
      expect(letter, mode.name).toMatchObject({ timestamp: 9, value: { code: 'USER_FUNCTION_FAILED', isPart: true } })
      expect(JSON.parse(new TextDecoder().decode(letter!.value.raw)), mode.name).toEqual({
        key: 'a',
        window: { start: 0, end: 10 },
      })
    }
  })

  test('is called again at the next firing, with everything; what a purge has dropped is gone', async () => {
    const input: HarnessInput<Reading>[] = [1, 2, 3].map((value) => at(value, value))
    const rows = (create: () => Operator) =>
      runCase<Reading>({ create, keyOf, sideOutputs: ['late', 'seen'] }, ALL_MODES[0]!, input)
    const kept = await rows(
      operatorOf((readings) => careless(readings, 'skip', (windows) => windows.trigger(eachRecord()))),
    )
    expect(kept.sections.flat().map(({ value }) => value)).toEqual([
      'begun',
      { sizes: [1], calls: 1, own: [1] },
      'begun',
      { sizes: [1, 3], calls: 2, own: [1, 3] },
    ])
    const purged = await rows(
      operatorOf((readings) => careless(readings, 'skip', (windows) => windows.trigger(purging(afterCount(2))))),
    )
    expect(purged.sections.flat()).toEqual([])
  })

  test('replaces nothing: the next result of a session that became longer replaces what this one would have', async () => {
    const create = operatorOf((readings) =>
      readings
        .window(session(millis(10)))
        .allowedLateness(millis(50))
        .process(
          'windows',
          (values, { window, replaces }) => {
            if (values.length === 2) throw new RangeError('two')
            return [[window, replaces]]
          },
          { onError: 'skip' },
        ),
    )
    const of = (start: number, end: number): TimeWindow => ({ start, end })
    await harnessOf(create).verify({
      input: [at(0, 1), watermark(9), at(5, 2), watermark(14), at(9, 3), watermark(18), at(12, 4), endOfInput()],
      expect: [
        emitted([of(0, 10), []], 9),
        emitted([of(0, 19), [of(0, 10)]], 18),
        emitted([of(0, 22), [of(0, 19)]], 21),
      ],
      counters: { skippedRecords: 1 },
    })
  })

  test.each(['before', 'after'] as const)(
    'keeps what it got from an evictor that takes away %s the call',
    async (when) => {
      const create = operatorOf((readings) =>
        readings
          .window(tumbling(millis(10)))
          .trigger(eachRecord())
          .evict(keepLast(1, { when }))
          .process(
            'windows',
            (values) => {
              if (values.at(-1)?.value === BAD) throw new RangeError('five')
              return [values.map(({ value }) => value)]
            },
            { onError: 'skip' },
          ),
      )
      await harnessOf(create).verify({
        input: [at(1, 1), at(2, BAD), at(3, 3), at(4, 4)],
        expect: (when === 'before' ? [[1], [3], [4]] : [[1], [1, BAD, 3], [3, 4]]).map((row) => emitted(row, 9)),
        counters: { skippedRecords: 1, evictedRecords: 3 },
      })
    },
  )

  test('an evictor too: what it would have taken away stays', async () => {
    const failing: Evictor<Reading> = {
      kind: 'failing',
      before(records) {
        if (records.length === 2) throw new RangeError('two')
        return records.slice(-1)
      },
    }
    const create = operatorOf((readings) =>
      readings
        .window(tumbling(millis(10)))
        .trigger(eachRecord())
        .evict(failing)
        .aggregate('windows', { total: sum(({ value }) => value) }, { onError: 'skip' }),
    )
    const window: TimeWindow = { start: 0, end: 10 }
    await harnessOf(create).verify({
      input: [at(1, 1), at(2, 2), at(3, 4), at(4, 8)],
      expect: [emitted({ key: 'a', window, total: 1 }, 9), emitted({ key: 'a', window, total: 4 }, 9)],
      counters: { skippedRecords: 2 },
    })
  })
})

describe('a reducer that throws', () => {
  const adding = (left: Reading, right: Reading): Reading => ({ ...left, value: left.value + checked(right.value) })

  test.each([
    ['tumbling', (readings: KeyedStream<string, Reading>) => readings.window(tumbling(millis(10)))],
    ['stagger', (readings: KeyedStream<string, Reading>) => readings.window(stagger(millis(9)))],
    ['counted', (readings: KeyedStream<string, Reading>) => readings.window(counted(3))],
    ['global', (readings: KeyedStream<string, Reading>) => readings.window(global()).trigger(afterCount(3))],
  ] as [string, (readings: KeyedStream<string, Reading>) => Windows][])(
    'gives up the record at which it does, and what was reduced stays (%s)',
    async (_kind, windowed) => {
      const create = operatorOf((readings) => windowed(readings).reduce('windows', adding, { onError: 'deadLetter' }))
      for (const mode of ALL_MODES) {
        const input = [at(1, 1), at(2, BAD), at(3, 3), watermark(10)]
        const { sections, sideOutputs } = await runCase<Reading>({ create, keyOf, sideOutputs: SIDES }, mode, input)
        expect(
          sections.flat().map(({ value }) => (value as { value: Reading }).value),
          mode.name,
        ).toEqual([{ key: 'a', value: 4 }])
        const letters = sideOutputs['failed'] as readonly { readonly value: DeadLetter }[]
        expect(
          letters.map(({ value }) => JSON.parse(new TextDecoder().decode(value.raw))),
          mode.name,
        ).toEqual([{ key: 'a', value: BAD }])
      }
    },
  )

  test.each([
    ['sliding', (readings: KeyedStream<string, Reading>) => readings.window(sliding(millis(4), millis(2)))],
    ['session', (readings: KeyedStream<string, Reading>) => readings.window(session(millis(4)))],
    ['counted', (readings: KeyedStream<string, Reading>) => readings.window(counted(4, { slide: 2 }))],
    ['keepLast', (readings: KeyedStream<string, Reading>) => readings.window(tumbling(millis(4))).evict(keepLast(1))],
  ] as [string, (readings: KeyedStream<string, Reading>) => Windows][])(
    'has no policy where results of several records meet: %s',
    (found, windowed) => {
      const build = () => operatorOf((readings) => windowed(readings).reduce('windows', adding, { onError: 'skip' }))
      expect(build).toThrow(
        expect.objectContaining({ code: 'GRAPH_STEP_INVALID', message: expect.stringContaining(found) }),
      )
    },
  )
})

test('without a policy all of these fail the task', async () => {
  for (const [, build] of STEPS) {
    const create = operatorOf((readings) => build(readings.window(tumbling(millis(10)))))
    await expect(harnessOf(create, ['late']).verify({ input: [at(1, BAD)], expect: [] })).rejects.toThrow('five')
  }
})
