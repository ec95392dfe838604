import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { global, session, type Trigger, tumbling } from '../../../../core/window/index.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  ONE_BY_ONE,
  operatorHarness,
  processingTime,
  watermark,
} from '../../../harness/index.js'
import type { Reading, Row } from './model.js'
import { at, windowHarness } from './window-harness.js'

const fired = (start: number, end: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end, values }, end - 1)

/** Says nothing of itself. */
const silent: Trigger = {
  kind: 'silent()',
  onRecord: () => 'continue',
  onEventTime: () => 'continue',
  onProcessingTime: () => 'continue',
  merge() {},
}

describe('a trigger', () => {
  test('may fire early by its own event-time timers, again and again, and each timer fires once', async () => {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, window, context) {
        for (const ahead of [6, 3, 3]) context.registerEventTimeTimer(('start' in window ? window.start : 0) + ahead)
        return 'continue'
      },
      onEventTime: () => 'fire',
    }
    await windowHarness({ assigner: tumbling(millis(10)), trigger }).verify({
      input: [at(1, 1), watermark(2), watermark(3), at(4, 2), watermark(4), watermark(6), endOfInput()],
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2), fired(0, 10, 1, 2)],
    })
  })

  test('does not hear of a timer that it deleted', async () => {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.registerEventTimeTimer(3)
        context.registerProcessingTimeTimer(100)
        context.deleteEventTimeTimer(3)
        context.deleteProcessingTimeTimer(100)
        return 'continue'
      },
      onEventTime: () => 'fire',
      onProcessingTime: () => 'fire',
    }
    await windowHarness({ assigner: tumbling(millis(10)), trigger }).verify({
      input: [at(1, 1), processingTime(200), watermark(8), endOfInput()],
      expect: [],
    })
  })

  test('may purge without firing: what came before is gone, its state is not', async () => {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.state = (typeof context.state === 'number' ? context.state : 0) + 1
        return context.state === 2 ? 'purge' : context.state === 4 ? 'fire' : 'continue'
      },
    }
    await windowHarness({ assigner: tumbling(millis(10)), trigger }).verify({
      input: [at(1, 1), at(2, 2), at(3, 3), at(4, 4)],
      expect: [fired(0, 10, 3, 4)],
    })
  })

  test('fires nothing for a window that was purged and got no record since', async () => {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.registerEventTimeTimer(5)
        return 'fireAndPurge'
      },
      onEventTime: () => 'fire',
    }
    await windowHarness({ assigner: tumbling(millis(10)), trigger }).verify({
      input: [at(1, 1), watermark(5), endOfInput()],
      expect: [fired(0, 10, 1)],
    })
  })

  test('sees the watermark, the clock, and after a merge the states of the old windows, whose timers are gone', async () => {
    const merged: unknown[] = []
    const seen: number[] = []
    const trigger: Trigger = {
      ...silent,
      onRecord(value, _timestamp, window, context) {
        seen.push(context.watermark, context.processingTime)
        context.state = [...((context.state as number[] | undefined) ?? []), (value as Reading).value]
        if ('end' in window) context.registerEventTimeTimer(window.end - 2)
        return 'continue'
      },
      onEventTime: () => 'fire',
      merge(_window, states, context) {
        merged.push(states)
        context.state = states.flat().filter((state) => state !== undefined)
      },
    }
    const harness = operatorHarness<Reading, unknown>({
      create: () =>
        windowOperator({
          assigner: session(millis(5)),
          trigger,
          allowedLatenessMs: 0,
          contents: { kind: 'process', process: (_key, window, values) => [[window, values.length]] },
        }),
      keyOf: (reading) => reading.key,
      startAt: 77,
      modes: [ALL_AT_ONCE],
    })
    await harness.verify({
      input: [at(10, 1), at(20, 2), watermark(8), at(15, 3), watermark(14), endOfInput()],
      expect: [emitted([{ start: 10, end: 25 }, 3], 24)],
    })
    expect(merged).toEqual([[[1], [2]]])
    expect(seen).toEqual([Number.NEGATIVE_INFINITY, 77, Number.NEGATIVE_INFINITY, 77, 8, 77])
  })

  test.each([0, 4])('is told once, by clear, that a window is removed (lateness %d ms)', async (latenessMs) => {
    const cleared: string[] = []
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.state = 'kept'
        return 'continue'
      },
      clear(window, context) {
        cleared.push(`${'end' in window ? window.end : 'global'} at ${context.watermark}: ${context.state}`)
      },
    }
    const harness = operatorHarness<Reading, unknown>({
      create: () =>
        windowOperator({
          assigner: tumbling(millis(10)),
          trigger,
          allowedLatenessMs: latenessMs,
          contents: { kind: 'process', process: () => [] },
        }),
      keyOf: (reading) => reading.key,
      modes: [ONE_BY_ONE],
    })
    await harness.verify({ input: [at(1, 1), watermark(8 + latenessMs)], expect: [] })
    expect(cleared).toEqual([])
    await harness.verify({ input: [at(1, 1), watermark(9 + latenessMs), endOfInput()], expect: [] })
    expect(cleared).toEqual([`10 at ${9 + latenessMs}: kept`])
  })

  test('of a global window is cleared when a purge leaves nothing to keep', async () => {
    let cleared = 0
    const trigger: Trigger = { ...silent, onRecord: () => 'fireAndPurge', clear: () => void cleared++ }
    const harness = operatorHarness<Reading, unknown>({
      create: () =>
        windowOperator({
          assigner: global(),
          trigger,
          allowedLatenessMs: 0,
          contents: { kind: 'process', process: (_key, _window, values) => [values.length] },
        }),
      keyOf: (reading) => reading.key,
      modes: [ONE_BY_ONE],
    })
    const one = emitted(1, Number.POSITIVE_INFINITY)
    await harness.verify({ input: [at(1, 1), at(2, 2)], expect: [one, one] })
    expect(cleared).toBe(2)
  })
})

describe('rows of a global window', () => {
  test('are stamped with the end of time: a window of event time refuses them', async () => {
    const harness = windowHarness({ assigner: tumbling(millis(10)) })
    const verified = harness.verify({ input: [at(Number.POSITIVE_INFINITY, 1)], expect: [] })
    await expect(verified).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING' })
  })
})

describe("a window's function", () => {
  test('that returns a promise is detected, naming the operator', async () => {
    const harness = operatorHarness<Reading, unknown>({
      create: () =>
        windowOperator({
          assigner: tumbling(millis(10)),
          allowedLatenessMs: 0,
          // From JavaScript: the type refuses it.
          contents: { kind: 'process', process: (async () => [1]) as unknown as () => number[] },
        }),
      keyOf: (reading) => reading.key,
    })
    const verified = harness.verify({ input: [at(1, 1), endOfInput()], expect: [] })
    await expect(verified).rejects.toMatchObject({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
      operatorId: 'under-test',
    })
  })
})
