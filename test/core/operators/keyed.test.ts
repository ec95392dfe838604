import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { keyedProcessOperator } from '../../../core/operators/keyed-process.js'
import { keyedReduceOperator } from '../../../core/operators/keyed-reduce.js'
import type { Operator } from '../../../core/operators/operator.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { mapState, valueState } from '../../../core/state/declare.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  type HarnessMode,
  operatorHarness,
  processingTime,
  record,
  watermark,
} from '../../harness/index.js'

interface Reading {
  readonly key: string
  readonly value: number
}

const reading = (key: string, value: number, timestamp: number) => record<Reading>({ key, value }, timestamp)

function keyed<Out>(create: () => Operator<Reading, Out>, sideOutputs: readonly string[] = [], modes?: HarnessMode[]) {
  return operatorHarness<Reading, Out>({
    create: create as () => Operator,
    keyOf: (value) => value.key,
    sideOutputs,
    ...(modes && { modes }),
  })
}

describe('keyed reduce', () => {
  test('gives the running reduction of each key', async () => {
    const create = () => keyedReduceOperator<Reading>((a, b) => ({ key: a.key, value: a.value + b.value }))
    await keyed(create).verify({
      input: [reading('a', 1, 1), reading('b', 10, 2), reading('a', 2, 3), reading('a', 3, 4), reading('b', 1, 5)],
      expect: [
        emitted({ key: 'a', value: 1 }, 1),
        emitted({ key: 'b', value: 10 }, 2),
        emitted({ key: 'a', value: 3 }, 3),
        emitted({ key: 'a', value: 6 }, 4),
        emitted({ key: 'b', value: 11 }, 5),
      ],
      order: 'exact',
    })
  })
})

describe('keyed process', () => {
  test('state, key and timers are refused after the call, not taken for those of another key', async () => {
    let later: (() => void)[] = []
    const create = () =>
      keyedProcessOperator({
        state: { count: valueState<number>() },
        process: (value: Reading, ctx) => {
          later = [
            () => ctx.state.count.update(value.value),
            () => void ctx.state.count.value(),
            () => void ctx.key,
            () => ctx.timers.registerEventTime(5),
            () => ctx.timers.deleteProcessingTime(5),
          ]
        },
        onTimer: () => undefined,
      })
    await keyed(create, [], [ALL_AT_ONCE]).verify({ input: [reading('a', 1, 1)], expect: [] })
    expect(later).toHaveLength(5)
    for (const use of later) expect(use).toThrow(expect.objectContaining({ code: 'STATE_WITHOUT_KEY' }))
  })

  test('and after a timer', async () => {
    let later = (): void => undefined
    const create = () =>
      keyedProcessOperator({
        state: { count: valueState<number>() },
        process: (_: Reading, ctx) => ctx.timers.registerEventTime(5),
        onTimer: (_, ctx) => {
          later = () => ctx.state.count.update(1)
        },
      })
    await keyed(create, [], [ALL_AT_ONCE]).verify({ input: [reading('a', 1, 1), watermark(9)], expect: [] })
    expect(later).toThrow(expect.objectContaining({ code: 'STATE_WITHOUT_KEY' }))
  })

  test('a generator that waits for room goes on with its key, of records and of timers', async () => {
    const create = () =>
      keyedProcessOperator({
        state: { count: valueState<number>({ initial: () => 0 }) },
        *process(value: Reading, ctx) {
          ctx.timers.registerEventTime(5)
          for (let i = 0; i < 3; i++) {
            ctx.state.count.update((ctx.state.count.value() ?? 0) + value.value)
            yield `${ctx.key} ${ctx.state.count.value()}`
          }
        },
        *onTimer(_, ctx) {
          for (let i = 0; i < 3; i++) {
            ctx.state.count.update((ctx.state.count.value() ?? 0) - 1)
            yield `${ctx.key} ${ctx.state.count.value()}`
          }
        },
      })
    await keyed(create).verify({
      input: [reading('a', 1, 1), reading('b', 10, 2), watermark(9)],
      expect: [
        ...[1, 2, 3].map((count) => emitted(`a ${count}`, 1)),
        ...[10, 20, 30].map((count) => emitted(`b ${count}`, 2)),
        ...[2, 1, 0].map((count) => emitted(`a ${count}`, 5)),
        ...[29, 28, 27].map((count) => emitted(`b ${count}`, 5)),
      ],
    })
  })

  test('state is of the key, and survives a restore and a rescale', async () => {
    const create = () =>
      keyedProcessOperator({
        state: { count: valueState<number>({ initial: () => 0 }), seen: mapState<number, boolean>() },
        sideOutputs: { repeated: sideOutput<string>() },
        *process(value: Reading, ctx) {
          const count = (ctx.state.count.value() ?? 0) + 1
          ctx.state.count.update(count)
          if (ctx.state.seen.has(value.value)) ctx.sideOutputs.repeated.emit(`${ctx.key}${value.value}`)
          ctx.state.seen.put(value.value, true)
          for (let i = 1; i <= count; i++) yield `${ctx.key} ${i}/${count}`
        },
      })
    await keyed(create, ['repeated']).verify({
      input: [reading('a', 7, 1), reading('b', 7, 2), reading('a', 7, 3), reading('a', 8, 4)],
      expect: [
        emitted('a 1/1', 1),
        emitted('b 1/1', 2),
        emitted('a 1/2', 3),
        emitted('a 2/2', 3),
        emitted('a 1/3', 4),
        emitted('a 2/3', 4),
        emitted('a 3/3', 4),
      ],
      sideOutputs: { repeated: [emitted('a7', 3)] },
    })
  })

  const alarm = () =>
    keyedProcessOperator({
      process(value: Reading, ctx) {
        if (value.value < 0) ctx.timers.deleteEventTime(-value.value)
        else ctx.timers.registerEventTime(value.value)
      },
      *onTimer(timer, ctx) {
        yield `${ctx.key} ${timer.time} ${timer.timestamp}`
        yield `watermark ${ctx.watermark}`
      },
    })

  test('event-time timers fire once, in time order, when the watermark reaches them', async () => {
    await keyed(alarm).verify({
      input: [
        reading('a', 20, 1),
        reading('a', 10, 2),
        reading('a', 10, 3),
        reading('b', 15, 4),
        watermark(9),
        watermark(10),
        watermark(19),
        watermark(20),
      ],
      expect: [
        emitted('a event 10', 10),
        emitted('watermark 10', 10),
        emitted('b event 15', 15),
        emitted('watermark 19', 15),
        emitted('a event 20', 20),
        emitted('watermark 20', 20),
      ],
      order: 'exact',
    })
  })

  test('a deleted timer does not fire, the end of the input fires the rest', async () => {
    await keyed(alarm).verify({
      input: [reading('a', 20, 1), reading('a', 30, 2), reading('a', -20, 3), endOfInput()],
      expect: [emitted('a event 30', 30), emitted('watermark Infinity', 30)],
    })
  })

  test('a timer may register another, which fires with the same watermark when due', async () => {
    const create = () =>
      keyedProcessOperator({
        process(value: Reading, ctx) {
          ctx.timers.registerEventTime(value.value)
        },
        onTimer(timer, ctx) {
          ctx.timers.registerEventTime(timer.timestamp + 10)
          return [timer.timestamp]
        },
      })
    await keyed(create).verify({
      input: [reading('a', 5, 1), watermark(30)],
      expect: [emitted(5, 5), emitted(15, 15), emitted(25, 25)],
    })
  })

  test('processing-time timers fire by the clock, their rows without timestamp, and not at the end', async () => {
    const create = () =>
      keyedProcessOperator({
        process(value: Reading, ctx) {
          ctx.timers.registerProcessingTime(ctx.processingTime + value.value)
        },
        onTimer: (timer, ctx) => [`${ctx.key} ${timer.time} ${timer.timestamp}`],
      })
    await keyed(create).verify({
      input: [
        reading('a', 100, 1),
        reading('b', 50, 2),
        reading('c', 500, 3),
        processingTime(49),
        processingTime(120),
        endOfInput(),
      ],
      expect: [emitted('b processing 50', NO_TIMESTAMP), emitted('a processing 100', NO_TIMESTAMP)],
    })
  })

  test('an exception in a timer names it', async () => {
    const create = () =>
      keyedProcessOperator({
        process(value: Reading, ctx) {
          ctx.timers.registerEventTime(value.value)
        },
        onTimer() {
          throw new Error('boom')
        },
      })
    const run = keyed(create, [], [ALL_AT_ONCE]).verify({ input: [reading('a', 5, 1), watermark(9)], expect: [] })
    await expect(run).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED', location: 'timestamp 5' })
  })
})
