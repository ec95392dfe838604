import { describe, expect, test } from 'vitest'
import type { FunctionContext } from '../../../core/context.js'
import { Batch } from '../../../core/element.js'
import { filterOperator } from '../../../core/operators/filter.js'
import { flatMapOperator } from '../../../core/operators/flat-map.js'
import { keyByOperator } from '../../../core/operators/key-by.js'
import { mapOperator } from '../../../core/operators/map.js'
import type { Operator, OperatorContext } from '../../../core/operators/operator.js'
import { processOperator } from '../../../core/operators/process.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import type { Key } from '../../../core/state/key.js'
import { keyGroupOf } from '../../../core/state/key-groups.js'
import { ALL_AT_ONCE, emitted, operatorHarness, record, watermark } from '../../harness/index.js'

/** The graph's operators are of any type, as those of a plan are. */
function harness<In, Out>(create: () => Operator<In, Out>, sideOutputs: readonly string[] = []) {
  return operatorHarness<In, Out>({ create: create as () => Operator, sideOutputs })
}

/** What an operator throws at the third of three records that come in one batch. */
function failure<In>(create: () => Operator<In, unknown>, values: readonly In[]) {
  const input = values.map((value, index) => record(value, index * 10))
  const run = operatorHarness<In, unknown>({ create: create as () => Operator, modes: [ALL_AT_ONCE] })
  return expect(run.verify({ input, expect: [] })).rejects
}

describe('map and filter', () => {
  test('map gives one value for each, with its timestamp', async () => {
    await harness(() => mapOperator((n: number) => n * 2)).verify({
      input: [record(1, 10), record(2, 20), watermark(15), record(3, 5)],
      expect: [emitted(2, 10), emitted(4, 20), emitted(6, 5)],
      order: 'exact',
    })
  })

  test('filter keeps order and timestamps of what stays', async () => {
    await harness(() => filterOperator((n: number) => n % 3 !== 0)).verify({
      input: [1, 2, 3, 4, 5, 6].map((n) => record(n, n * 10)),
      expect: [1, 2, 4, 5].map((n) => emitted(n, n * 10)),
      order: 'exact',
    })
    await harness(() => filterOperator(() => false)).verify({ input: [record(1, 1), record(2, 2)], expect: [] })
  })

  test('an exception names operator, record and timestamp, and keeps its cause', async () => {
    const cause = new RangeError('boom')
    const map = () =>
      mapOperator((n: number) => {
        if (n === 3) throw cause
        return n
      })
    await failure(map, [1, 2, 3]).toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      domain: 'user',
      location: 'record 2 of its batch, timestamp 20',
      cause,
      operatorId: expect.any(String),
    })
    const filter = () =>
      filterOperator((n: number) => {
        if (n === 3) throw cause
        return n !== 2
      })
    await failure(filter, [1, 2, 3]).toMatchObject({ location: 'record 2 of its batch, timestamp 20', cause })
  })

  test('a promise where a value is expected is detected', async () => {
    await failure(() => mapOperator(async (n: number) => n), [1]).toMatchObject({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
    })
    const filter = (async () => true) as unknown as () => boolean
    await failure(() => filterOperator(filter), [1]).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
  })

  test('what open returns reaches the function and close, once each', async () => {
    const calls: string[] = []
    const create = () =>
      mapOperator({
        async open(context: FunctionContext) {
          calls.push('open')
          return { subtask: context.subtask.index }
        },
        map: (n: number, opened) => n + opened.subtask,
        close: (opened) => void calls.push(`close ${opened.subtask}`),
      })
    const run = operatorHarness<number, number>({ create: create as () => Operator, modes: [ALL_AT_ONCE] })
    await run.verify({ input: [record(1, 1)], expect: [emitted(1, 1)] })
    expect(calls).toEqual(['open', 'close 0'])
  })
})

describe('flatMap', () => {
  test('arrays, generators and sets go out one by one', async () => {
    const kinds = (n: number) => (n === 1 ? ['a', 'b', 'c'] : n === 2 ? new Set(['d', 'e']) : [])
    await harness(() => flatMapOperator(kinds)).verify({
      input: [record(1, 1), record(2, 2), record(3, 3)],
      expect: [emitted('a', 1), emitted('b', 1), emitted('c', 1), emitted('d', 2), emitted('e', 2)],
      order: 'exact',
    })
  })

  test('a generator is asked for no more than there is room for', async () => {
    function* upTo(n: number) {
      for (let i = 0; i < n; i++) yield i
    }
    await harness(() => flatMapOperator(upTo)).verify({
      input: [record(1000, 1), record(3, 2)],
      expect: [...Array.from(upTo(1000), (i) => emitted(i, 1)), ...Array.from(upTo(3), (i) => emitted(i, 2))],
      order: 'exact',
    })
  })

  test('what cannot be iterated is an error, and a generator that throws names its record', async () => {
    const number = (() => 3) as unknown as () => number[]
    await failure(() => flatMapOperator(number), [1]).toMatchObject({ code: 'USER_FUNCTION_RESULT_INVALID' })
    const promise = (async () => [1]) as unknown as () => number[]
    await failure(() => flatMapOperator(promise), [1]).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
    function* broken(n: number) {
      yield n
      if (n === 2) throw new Error('half way')
    }
    await failure(() => flatMapOperator(broken), [1, 2]).toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      location: 'record 1 of its batch, timestamp 10',
    })
  })
})

describe('keyBy', () => {
  const keyBy = (selector: (value: unknown) => unknown) => () => keyByOperator(selector as (value: unknown) => Key)

  test('hands the values on', async () => {
    await harness(keyBy((n) => n)).verify({
      input: [record('a', 1), record(-0, 2), record(['a', 1n], 3)],
      expect: [emitted<unknown>('a', 1), emitted(-0, 2), emitted(['a', 1n], 3)],
    })
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['an object', { a: 1 }],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a lone surrogate', '\ud800'],
    ['a nested tuple', ['a', ['b']]],
  ])('refuses %s, naming operator and record', async (_name, key) => {
    await failure(
      keyBy((value) => (value === 2 ? key : 'fine')),
      [0, 1, 2],
    ).toMatchObject({
      code: 'KEY_INVALID',
      operatorId: expect.any(String),
      location: 'record 2 of its batch, timestamp 20',
    })
  })

  test('detects a promise', async () => {
    await failure(
      keyBy(async () => 'a'),
      [1],
    ).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
  })
})

describe('process', () => {
  test('sees timestamp and watermark, and writes to side outputs', async () => {
    const create = () =>
      processOperator({
        sideOutputs: { odd: sideOutput<number>() },
        *process(n: number, ctx) {
          if (n % 2 === 1) ctx.sideOutputs.odd.emit(n)
          else for (let i = 0; i < n; i++) yield `${n} at ${ctx.timestamp}`
        },
      })
    await harness(create, ['odd']).verify({
      input: [record(2, 10), record(3, 20), record(4, 30)],
      expect: [...Array(2).fill(emitted('2 at 10', 10)), ...Array(4).fill(emitted('4 at 30', 30))],
      sideOutputs: { odd: [emitted(3, 20)] },
    })
  })

  test('may return nothing; emitting after the call is refused', async () => {
    let late: { emit(value: number): void } | undefined
    const create = () =>
      processOperator({
        sideOutputs: { odd: sideOutput<number>() },
        process(_n: number, ctx) {
          late = ctx.sideOutputs.odd
        },
      })
    await harness(create, ['odd']).verify({ input: [record(1, 1)], expect: [] })
    expect(() => late?.emit(1)).toThrow(expect.objectContaining({ code: 'EMIT_OUTSIDE_CALL' }))
  })
})

test('keyBy puts internal key and group beside each row, and -0 is 0', () => {
  const operator = keyByOperator((n: number) => n)
  operator.open?.({ operatorId: 'k', maxParallelism: 128 } as unknown as OperatorContext)
  const batches: Batch[] = []
  const output = {
    full: false,
    origin: undefined,
    emit() {},
    emitTo() {},
    emitBatch: (batch: Batch) => void batches.push(batch),
  }
  expect(operator.process(new Batch([5, -0, 0], [1, 2, 3]), 1, output, 0)).toBe(3)
  const group = keyGroupOf(0, 128)
  expect(batches).toEqual([new Batch([-0, 0], [2, 3], [0, 0], [group, group])])
})
