import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { Batch } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { aggregatingState, listState, mapState, reducingState, valueState } from '../../../../core/state/declare.js'
import { framesOf, readFrame } from '../../../../core/state/frames.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../../core/state/key-groups.js'
import { count } from '../../../../core/window/aggregates/index.js'
import {
  afterCount,
  counted,
  eachRecord,
  global,
  onTime,
  session,
  stagger,
  type Window,
  type WindowAssigner,
} from '../../../../core/window/index.js'
import { emitted, endOfInput, watermark } from '../../../harness/index.js'
import type { OperatorSnapshot } from '../../../harness/snapshot.js'
import { openAlone } from '../alone.js'
import { functionHarness, functionOptions, LASTING, tens } from './function-harness.js'
import type { Reading } from './model.js'
import { at } from './window-harness.js'

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

test.each(LASTING)('the state of a window that is over is no longer stored (%s)', async (_name, windows) => {
  const fn = {
    windowState: { n: valueState<number>() },
    process(_readings: readonly Reading[], { windowState }: { windowState: { n: { update(n: number): void } } }) {
      windowState.n.update(1)
      return []
    },
  }
  const operator = functionOptions({ ...windows, latenessMs: 5 }, fn).create()
  const instance = await openAlone(operator, { maxParallelism: 4, sideOutputs: ['late'] })
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
