import { expect, test } from 'vitest'
import { Batch, NO_TIMESTAMP } from '../../../core/element.js'
import { CallGuard } from '../../../core/operators/guard/call-guard.js'
import { errorPolicyOf } from '../../../core/operators/guard/error-policy.js'
import { guardedOperator } from '../../../core/operators/guard/guarded-operator.js'
import { keyedProcessOperator } from '../../../core/operators/keyed-process.js'
import type { Operator, Output } from '../../../core/operators/operator.js'
import type { AppendingState } from '../../../core/state/backend.js'
import { aggregatingState } from '../../../core/state/declare.js'
import { toInternalKey } from '../../../core/state/key-codec.js'
import type { Aggregate } from '../../../core/window/aggregate.js'
import { openAlone } from './alone.js'

/** The timestamps of the calls in which it was added to. */
const CALLS: Aggregate<string, number[], number[]> = {
  kind: 'calls',
  create: () => [],
  add: (calls, _value, timestamp) => [...calls, timestamp],
  merge: (left, right) => [...left, ...right],
  result: (calls) => calls,
}

type Rows = 'two' | 'a promise'

/** Registers timers for `timer`, and gives rows for all else. */
interface Value {
  readonly key: string
  readonly timestamp: number
  readonly rows: Rows
  readonly timer?: 'event' | 'processing'
}

interface Call {
  readonly key: string
  readonly timestamp: number
  readonly state: { readonly calls: AppendingState<string, number[]> }
}

/** What the `finally` of each generator sees. */
type Seen = readonly [key: string, calls: readonly number[] | undefined]

function operatorOf(seen: Seen[]): Operator<Value> {
  function* rowsOf(rows: Rows, call: Call): Generator<number> {
    try {
      call.state.calls.add('begin')
      if (rows === 'a promise') yield Promise.resolve(1) as never
      yield 1
      yield 2
    } finally {
      call.state.calls.add('end')
      seen.push([call.key, call.state.calls.value()])
    }
  }
  const ofTimers = new Map<string, Rows>()
  return keyedProcessOperator({
    state: { calls: aggregatingState(CALLS) },
    process(value: Value, context) {
      if (value.timer === undefined) return rowsOf(value.rows, context as Call)
      ofTimers.set(value.key, value.rows)
      if (value.timer === 'event') context.timers.registerEventTime(value.timestamp)
      else context.timers.registerProcessingTime(value.timestamp)
      return undefined
    },
    onTimer: (_timer, context) => rowsOf(ofTimers.get(context.key as string) ?? 'two', context as Call),
  }) as Operator<Value>
}

const batchOf = (...values: readonly Value[]) =>
  new Batch(
    values,
    values.map(({ timestamp }) => timestamp),
    values.map(({ key }) => toInternalKey(key)),
    values.map(() => 0),
  )

const outputOf = (room: number): Output => {
  let rows = 0
  return {
    origin: undefined,
    get full() {
      return rows >= room
    },
    emit: () => void rows++,
    emitTo: () => undefined,
    emitBatch: () => undefined,
  }
}

interface Case {
  readonly room: number
  readonly values: readonly Value[]
  readonly call?: 'onWatermark' | 'onProcessingTime'
  readonly onError?: 'skip'
  readonly seen: readonly Seen[]
}

const a = { key: 'a', timestamp: 3, rows: 'two' } as const
const b = { key: 'b', timestamp: 4, rows: 'two' } as const

const cases: Readonly<Record<string, Case>> = {
  'a record without room': { room: 1, values: [a], seen: [['a', [3, 3]]] },
  'an event-time timer without room': {
    room: 1,
    values: [{ ...a, timer: 'event' }],
    call: 'onWatermark',
    seen: [['a', [3, 3]]],
  },
  'a processing-time timer without room': {
    room: 1,
    values: [{ ...a, timer: 'processing' }],
    call: 'onProcessingTime',
    seen: [['a', [NO_TIMESTAMP, NO_TIMESTAMP]]],
  },
  'a record that gives a promise': { room: 9, values: [{ ...a, rows: 'a promise' }], seen: [['a', [3, 3]]] },
  'a record that gives a promise, behind another key': {
    room: 9,
    values: [a, { ...b, rows: 'a promise' }],
    seen: [
      ['a', [3, 3]],
      ['b', [4, 4]],
    ],
  },
  'a timer that gives a promise, behind another key': {
    room: 9,
    values: [
      { ...a, timer: 'event' },
      { ...b, timer: 'event', rows: 'a promise' },
    ],
    call: 'onWatermark',
    seen: [
      ['a', [3, 3]],
      ['b', [4, 4]],
    ],
  },
  // What a call that failed had written is not there any more.
  'a timer that gives a promise, with an error policy': {
    room: 9,
    values: [
      { ...a, timer: 'event' },
      { ...b, timer: 'event', rows: 'a promise' },
    ],
    call: 'onWatermark',
    onError: 'skip',
    seen: [
      ['a', [3, 3]],
      ['b', [4]],
    ],
  },
  'a record that gives a promise, with an error policy': {
    room: 9,
    values: [a, { ...b, rows: 'a promise' }],
    onError: 'skip',
    seen: [
      ['a', [3, 3]],
      ['b', [4]],
    ],
  },
}

test.each(Object.entries(cases))(
  "a generator of %s has its key and state in its 'finally' when the job stops",
  async (_of, { room, values, call, onError, seen }) => {
    const found: Seen[] = []
    const bare = operatorOf(found) as Operator
    const policy = errorPolicyOf('test', onError)
    const operator =
      policy === undefined ? bare : guardedOperator(bare, { guard: new CallGuard(policy), boundary: 'record' })
    await openAlone(operator)
    const batch = batchOf(...values)
    const step = () => {
      const output = outputOf(room)
      const worked = operator.process(batch, 0, output, 0)
      return call === undefined ? worked === batch.length : operator[call]?.(9, output)
    }
    if (values.some(({ rows }) => rows === 'a promise')) expect(step).toThrow('gave a promise as a row')
    else expect(step()).toBe(false)
    await operator.close?.()
    expect(found).toEqual(seen)
  },
)

test('a record without room goes on under its own key, and so does its generator', async () => {
  const found: Seen[] = []
  const operator = operatorOf(found)
  await openAlone(operator as Operator)
  const batch = batchOf(a, b)
  expect(operator.process(batch, 0, outputOf(1), 0)).toBe(0)
  expect(operator.process(batch, 0, outputOf(2), 0)).toBe(1)
  expect(found).toEqual([['a', [3, 3]]])
  await operator.close?.()
  expect(found).toEqual([
    ['a', [3, 3]],
    ['b', [4, 4]],
  ])
})
