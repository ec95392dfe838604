import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { keyedCoProcessOperator } from '../../../core/operators/co-process.js'
import type { Operator } from '../../../core/operators/operator.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { listState, valueState } from '../../../core/state/declare.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  type HarnessMode,
  ONE_BY_ONE,
  operatorHarness,
  processingTime,
  record,
  watermark,
} from '../../harness/index.js'

interface Start {
  readonly ride: string
  readonly from: string
}
interface End {
  readonly ride: string
  readonly to: string
}

const start = (ride: string, from: string, timestamp: number) => record<Start>({ ride, from }, timestamp, 0)
const end = (ride: string, to: string, timestamp: number) => record<End>({ ride, to }, timestamp, 1)

function harness(
  create: () => Operator<Start | End, unknown>,
  options: { readonly sideOutputs?: readonly string[]; readonly modes?: readonly HarnessMode[] } = {},
) {
  return operatorHarness<Start | End, unknown>({ create: create as () => Operator, keyOf: (of) => of.ride, ...options })
}

describe('two keyed streams', () => {
  test('share the state of the key, whichever comes first', async () => {
    const create = () =>
      keyedCoProcessOperator({
        state: { start: valueState<Start>(), end: valueState<End>() },
        onLeft(left: Start, { state }) {
          const right = state.end.value()
          if (right !== undefined) return [`${left.from} to ${right.to}`]
          state.start.update(left)
          return []
        },
        onRight(right: End, { state }) {
          const left = state.start.value()
          if (left !== undefined) return [`${left.from} to ${right.to}`]
          state.end.update(right)
          return []
        },
      })
    await harness(create).verify({
      input: [
        start('a', 'x', 1),
        end('b', 'y', 2),
        end('a', 'z', 3),
        end('c', 'never', 4),
        start('b', 'x', 5),
        start('d', 'never', 6),
      ],
      expect: [emitted('x to z', 3), emitted('x to y', 5)],
    })
  })

  test('share its timers: one registers what the other deletes', async () => {
    const create = () =>
      keyedCoProcessOperator({
        state: { due: valueState<number>() },
        sideOutputs: { long: sideOutput<string>() },
        onLeft(_start: Start, { state, timers, timestamp }) {
          state.due.update(timestamp + 10)
          timers.registerEventTime(timestamp + 10)
        },
        onRight(_end: End, { key, state, timers, watermark: time }) {
          timers.deleteEventTime(state.due.value() ?? 0)
          return [`${key} over, at ${time}`]
        },
        onTimer({ timestamp }, { key, sideOutputs }) {
          sideOutputs.long.emit(String(key))
          return [`${key} long at ${timestamp}`]
        },
      })
    await harness(create, { sideOutputs: ['long'] }).verify({
      input: [start('a', '', 1), start('b', '', 2), watermark(5), end('a', '', 6), watermark(20), start('c', '', 30)],
      expect: [emitted('a over, at 5', 6), emitted('b long at 12', 12)],
      sideOutputs: { long: [emitted('b', 12)] },
    })
  })

  test('have processing-time timers, which are restored too', async () => {
    const create = () =>
      keyedCoProcessOperator({
        onLeft: (_start: Start, ctx) => ctx.timers.registerProcessingTime(ctx.processingTime + 10),
        onRight: (_end: End, ctx) => ctx.timers.registerProcessingTime(ctx.processingTime + 20),
        onTimer: (timer, ctx) => [`${ctx.key} ${timer.time} ${timer.timestamp}`],
      })
    await harness(create).verify({
      input: [start('a', '', 1), end('b', '', 2), processingTime(10), processingTime(20)],
      expect: [emitted('a processing 10', NO_TIMESTAMP), emitted('b processing 20', NO_TIMESTAMP)],
    })
  })

  test('yield from either side as there is room', async () => {
    const create = () =>
      keyedCoProcessOperator({
        state: { seen: listState<string>() },
        *onLeft(left: Start, { state }) {
          state.seen.add(left.from)
          for (let n = 0; n < 3; n++) yield `left ${n}`
        },
        *onRight(_end: End, { state }) {
          yield* state.seen.values().map((from) => `right after ${from}`)
        },
      })
    await harness(create).verify({
      input: [start('a', 'x', 1), start('a', 'y', 2), end('a', '', 3), end('b', '', 4), endOfInput()],
      expect: [
        ...[0, 1, 2].map((n) => emitted(`left ${n}`, 1)),
        ...[0, 1, 2].map((n) => emitted(`left ${n}`, 2)),
        emitted('right after x', 3),
        emitted('right after y', 3),
      ],
      order: 'exact',
    })
  })

  test('have one life cycle, and errors name the side', async () => {
    const calls: string[] = []
    const create = () =>
      keyedCoProcessOperator({
        open: () => ({ factor: 3 }),
        onLeft: (_start: Start, _ctx, { factor }) => [factor],
        onRight: (_end: End): number[] => {
          throw new Error('no')
        },
        close: ({ factor }) => void calls.push(`closed ${factor}`),
      })
    await harness(create, { modes: [ALL_AT_ONCE] }).verify({ input: [start('a', '', 1)], expect: [emitted(3, 1)] })
    expect(calls).toEqual(['closed 3'])
    const failing = harness(create, { modes: [ONE_BY_ONE] }).verify({ input: [end('a', '', 5)], expect: [] })
    await expect(failing).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      operatorId: 'under-test',
      message: expect.stringContaining('onRight threw at record 0'),
    })
  })
})
