import { describe, expect, test } from 'vitest'
import { MIN_WATERMARK, NO_TIMESTAMP } from '../../../core/element.js'
import {
  BROADCAST_INPUT,
  connectedProcessOperator,
  keyedConnectedProcessOperator,
} from '../../../core/operators/connected-process.js'
import type { Operator } from '../../../core/operators/operator.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { mapState, valueState } from '../../../core/state/declare.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  FULL_OUTPUT,
  type HarnessMode,
  ONE_BY_ONE,
  operatorHarness,
  processingTime,
  RESTORED,
  record,
  watermark,
} from '../../harness/index.js'

interface Payment {
  readonly user: string
  readonly amount: number
}
interface Limit {
  readonly user: string
  readonly limit: number
}

const payment = (user: string, amount: number, timestamp: number) => record<Payment>({ user, amount }, timestamp)
const limit = (user: string, most: number, timestamp: number) =>
  record<Limit>({ user, limit: most }, timestamp, BROADCAST_INPUT)

const LIMITS = { limits: mapState<string, number>() }
/** One subtask: what `onBroadcast` gives comes out once. */
const ONE_SUBTASK = [ONE_BY_ONE, ALL_AT_ONCE, RESTORED, FULL_OUTPUT]

function harness<Out>(
  create: () => Operator<Payment | Limit, Out>,
  options: { readonly sideOutputs?: readonly string[]; readonly modes?: readonly HarnessMode[] } = {},
) {
  return operatorHarness<Payment | Limit, Out>({
    create: create as () => Operator,
    keyOf: (value) => value.user,
    broadcastInput: BROADCAST_INPUT,
    ...options,
  })
}

describe('keyed records beside a broadcast stream', () => {
  test('read the broadcast state, which every subtask has, also after a restore at another parallelism', async () => {
    const create = () =>
      keyedConnectedProcessOperator(LIMITS, {
        state: { spent: valueState<number>({ initial: () => 0 }) },
        sideOutputs: { over: sideOutput<string>() },
        onRecord({ amount }: Payment, ctx) {
          const spent = (ctx.state.spent.value() ?? 0) + amount
          ctx.state.spent.update(spent)
          const most = ctx.broadcast.limits.get(String(ctx.key))
          if (most !== undefined && spent > most) ctx.sideOutputs.over.emit(String(ctx.key))
          return [`${ctx.key} ${spent} of ${most}`]
        },
        onBroadcast: (rule: Limit, ctx) => ctx.broadcast.limits.put(rule.user, rule.limit),
      })
    await harness(create, { sideOutputs: ['over'] }).verify({
      input: [
        payment('a', 3, 1),
        limit('a', 5, 2),
        limit('b', 9, 3),
        payment('a', 1, 4),
        payment('b', 9, 5),
        payment('c', 1, 6),
        limit('a', 4, 7),
        payment('a', 2, 8),
      ],
      expect: [
        emitted('a 3 of undefined', 1),
        emitted('a 4 of 5', 4),
        emitted('b 9 of 9', 5),
        emitted('c 1 of undefined', 6),
        emitted('a 6 of 4', 8),
      ],
      sideOutputs: { over: [emitted('a', 8)] },
    })
  })

  test('have timers, which read it too', async () => {
    const create = () =>
      keyedConnectedProcessOperator(LIMITS, {
        onRecord: (_payment: Payment, ctx) => ctx.timers.registerEventTime(ctx.timestamp + 10),
        onBroadcast: (rule: Limit, ctx) => ctx.broadcast.limits.put(rule.user, rule.limit),
        onTimer: (timer, ctx) => [`${ctx.key} at ${timer.timestamp}: ${ctx.broadcast.limits.get(String(ctx.key))}`],
      })
    await harness(create).verify({
      input: [payment('a', 1, 1), payment('b', 1, 2), limit('a', 5, 3), watermark(11), limit('b', 6, 12), endOfInput()],
      expect: [emitted('a at 11: 5', 11), emitted('b at 12: 6', 12)],
    })
  })
})

test('processing-time timers of keyed records are restored too', async () => {
  const create = () =>
    keyedConnectedProcessOperator(LIMITS, {
      onRecord: (_payment: Payment, ctx) => ctx.timers.registerProcessingTime(ctx.processingTime + 10),
      onBroadcast: () => undefined,
      onTimer: (timer, ctx) => [`${ctx.key} ${timer.time} ${timer.timestamp}`],
    })
  await harness(create).verify({
    input: [payment('a', 1, 1), limit('a', 1, 2), processingTime(10)],
    expect: [emitted('a processing 10', NO_TIMESTAMP)],
  })
})

describe('records without a key beside a broadcast stream', () => {
  const create = () =>
    connectedProcessOperator(
      { most: valueState<number>({ initial: () => 10 }) },
      {
        *onRecord({ user, amount }: Payment, ctx) {
          const most = ctx.broadcast.most.value() ?? 0
          for (let left = amount; left > 0; left -= most) yield `${user} ${Math.min(left, most)}`
        },
        onBroadcast: (rule: Limit, ctx) =>
          rule.limit === 0 ? ctx.broadcast.most.clear() : ctx.broadcast.most.update(rule.limit),
      },
    )

  test('read it, and yield as there is room', async () => {
    await harness(create).verify({
      input: [payment('a', 12, 1), limit('', 5, 2), payment('b', 11, 3), limit('', 0, 4), payment('c', 11, 5)],
      expect: [
        emitted('a 10', 1),
        emitted('a 2', 1),
        emitted('b 5', 3),
        emitted('b 5', 3),
        emitted('b 1', 3),
        emitted('c 10', 5),
        emitted('c 1', 5),
      ],
    })
  })
})

describe('what the broadcast side gives', () => {
  test('comes out of every subtask, with the timestamp of its element', async () => {
    const create = () =>
      keyedConnectedProcessOperator(LIMITS, {
        sideOutputs: { seen: sideOutput<number>() },
        onRecord: ({ amount }: Payment) => [amount],
        *onBroadcast(rule: Limit, ctx) {
          // A generator changes it while it is iterated.
          for (let i = 1; i <= rule.limit; i++) {
            ctx.broadcast.limits.put(rule.user, i)
            yield ctx.broadcast.limits.get(rule.user) ?? 0
          }
          ctx.sideOutputs.seen.emit(ctx.timestamp)
        },
      })
    await harness(create, { sideOutputs: ['seen'], modes: ONE_SUBTASK }).verify({
      input: [payment('a', 7, 1), limit('a', 3, 2), payment('a', 8, 3)],
      expect: [emitted(7, 1), emitted(1, 2), emitted(2, 2), emitted(3, 2), emitted(8, 3)],
      sideOutputs: { seen: [emitted(2, 2)] },
      order: 'exact',
    })
  })
})

test('both sides see the watermark of the step', async () => {
  const create = () =>
    connectedProcessOperator(LIMITS, {
      onRecord: (_payment: Payment, ctx) => [['record', ctx.watermark]],
      onBroadcast: (_rule: Limit, ctx) => [['broadcast', ctx.watermark]],
    })
  await harness(create, { modes: ONE_SUBTASK }).verify({
    input: [limit('a', 1, 1), watermark(5), payment('a', 1, 6), limit('a', 1, 7)],
    expect: [emitted(['broadcast', MIN_WATERMARK], 1), emitted(['record', 5], 6), emitted(['broadcast', 5], 7)],
  })
})

describe('broadcast state', () => {
  test.each([
    [
      'put',
      (limits: Map<string, number>) => void (limits as unknown as { put(k: string, v: number): void }).put('a', 1),
    ],
    ['remove', (limits: Map<string, number>) => void (limits as unknown as { remove(k: string): void }).remove('a')],
    ['clear', (limits: Map<string, number>) => limits.clear()],
  ])('is read-only where records are processed, at run time too: %s', async (_name, change) => {
    const create = () =>
      keyedConnectedProcessOperator(LIMITS, {
        onRecord: (_payment: Payment, ctx) => change(ctx.broadcast.limits as unknown as Map<string, number>),
        onBroadcast: () => undefined,
      })
    const verified = harness(create, { modes: [ONE_BY_ONE] }).verify({ input: [payment('a', 1, 5)], expect: [] })
    await expect(verified).rejects.toMatchObject({
      code: 'BROADCAST_STATE_READ_ONLY',
      domain: 'user',
      operatorId: 'under-test',
      location: expect.stringContaining('timestamp 5'),
      message: expect.stringContaining("'limits'"),
    })
  })

  test('is read-only for a value, and for a handle that onBroadcast has left behind', async () => {
    let kept: { update(value: number): void } | undefined
    const create = () =>
      connectedProcessOperator(
        { most: valueState<number>() },
        {
          onRecord: () => kept?.update(3),
          onBroadcast: (_rule: Limit, ctx) => {
            kept = ctx.broadcast.most
            kept.update(1)
          },
        },
      )
    const verified = harness(create, { modes: [ONE_BY_ONE] }).verify({
      input: [limit('a', 1, 1), payment('a', 1, 2)],
      expect: [],
    })
    await expect(verified).rejects.toMatchObject({ code: 'BROADCAST_STATE_READ_ONLY' })
  })

  test('a function that throws is named, with its record', async () => {
    const fail = () => {
      throw new Error('no')
    }
    const onRecord = () => keyedConnectedProcessOperator(LIMITS, { onRecord: fail, onBroadcast: () => undefined })
    const onBroadcast = () => connectedProcessOperator(LIMITS, { onRecord: () => undefined, onBroadcast: fail })
    const first = harness(onRecord).verify({ input: [payment('a', 1, 5)], expect: [] })
    await expect(first).rejects.toMatchObject({ message: expect.stringContaining('onRecord threw at record 0') })
    const second = harness(onBroadcast).verify({ input: [limit('a', 1, NO_TIMESTAMP)], expect: [] })
    await expect(second).rejects.toMatchObject({ message: expect.stringContaining('onBroadcast threw at record 0') })
  })
})

test('a life cycle is opened and closed once, for both sides', async () => {
  const calls: string[] = []
  const create = () =>
    keyedConnectedProcessOperator(LIMITS, {
      open: async () => ({ factor: 3 }),
      onRecord: ({ amount }: Payment, _ctx, { factor }) => [amount * factor],
      onBroadcast: (rule: Limit, _ctx, { factor }) => [rule.limit * factor],
      close: ({ factor }) => void calls.push(`closed ${factor}`),
    })
  await harness(create, { modes: [ALL_AT_ONCE] }).verify({
    input: [payment('a', 1, 1), limit('a', 2, 2)],
    expect: [emitted(3, 1), emitted(6, 2)],
  })
  expect(calls).toEqual(['closed 3'])
})
