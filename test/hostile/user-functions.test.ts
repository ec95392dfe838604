import { collect, defineJob, monotonous, type Stream, seconds, sum, tumbling } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { describe, expect, test } from 'vitest'
import { failureOf, rowsOf } from './run-job.js'

type Build = (stream: Stream<never>) => Stream<unknown>

const reject = async (): Promise<never> => {
  throw new Error('nobody waits for this')
}
// JavaScript callers are not stopped by the compiler.
const rejecting = reject as never
const promise = reject as () => never
const fail = (): never => {
  throw new Error('no')
}
const hour = tumbling(seconds(3600))

const asynchronous: Readonly<Record<string, { build: Build; operatorId: string; call: string }>> = {
  map: { build: (s) => s.map(rejecting).map((x) => x), operatorId: 'map-1', call: 'map' },
  filter: { build: (s) => s.filter(rejecting), operatorId: 'filter-1', call: 'filter' },
  flatMap: { build: (s) => s.flatMap(rejecting), operatorId: 'flatMap-1', call: 'flatMap' },
  keyBy: { build: (s) => s.keyBy(rejecting).reduce('r', (a) => a), operatorId: 'keyBy-1', call: 'keyBy' },
  process: { build: (s) => s.process('p', rejecting), operatorId: 'p', call: 'process' },
  'keyed process': {
    build: (s) => s.keyBy(() => 1).process('p', { process: rejecting }),
    operatorId: 'p',
    call: 'process',
  },
  onTimer: {
    build: (s) =>
      s
        .keyBy(() => 1)
        .process('p', {
          process: (_value, ctx) => ctx.timers.registerEventTime(5),
          onTimer: rejecting,
        }),
    operatorId: 'p',
    call: 'onTimer',
  },
  reduce: { build: (s) => s.keyBy(() => 1).reduce('r', rejecting), operatorId: 'r', call: 'reduce' },
  'window reduce': {
    build: (s) =>
      s
        .keyBy(() => 1)
        .window(hour)
        .reduce('r', rejecting),
    operatorId: 'r',
    call: 'reduce',
  },
  'window process': {
    build: (s) =>
      s
        .keyBy(() => 1)
        .window(hour)
        .process('p', rejecting),
    operatorId: 'p',
    call: 'process',
  },
}

describe('a function that returns a promise where a value is expected is detected, and its rejection ends nothing', () => {
  test.each(Object.entries(asynchronous))('%s', async (_name, { build, operatorId, call }) => {
    const { error, unhandled } = await failureOf(rowsOf([1, 2, 3], build, { timestamps: [1, 2, 3] }))
    expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE', domain: 'user', operatorId })
    expect(error.message).toContain(`${call} returned a promise`)
    expect(unhandled).toEqual([])
  })

  test('a map that does so for some records only', async () => {
    const { error, unhandled } = await failureOf(rowsOf([1, 2, 3], (s) => s.map((x) => (x === 2 ? promise() : x))))
    expect(error).toMatchObject({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
      location: 'split collection-0, offset 1',
    })
    expect(unhandled).toEqual([])
  })

  test('a map that throws after it has returned promises', async () => {
    const { error, unhandled } = await failureOf(
      rowsOf([1, 2], (s) =>
        s.map((x) => {
          if (x === 2) throw new Error('no')
          return promise()
        }),
      ),
    )
    expect(error).toMatchObject({ code: 'USER_FUNCTION_FAILED' })
    expect(unhandled).toEqual([])
  })

  test.each([
    ['sum', () => sum(rejecting)],
    ['collect', () => collect(rejecting)],
  ])('the selector of %s', async (_name, aggregate) => {
    const { error, unhandled } = await failureOf(
      rowsOf(
        [1, 2],
        (s) =>
          s
            .keyBy(() => 1)
            .window(hour)
            .aggregate('a', { all: aggregate() }),
        { timestamps: [1, 2] },
      ),
    )
    expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE', operatorId: 'a' })
    expect(error.location).toBe('split collection-0, offset 0, timestamp 1')
    expect(unhandled).toEqual([])
  })
})

describe('what a function throws is told on one line', () => {
  const thrown: readonly (readonly [string, unknown, string])[] = [
    ['an error of several lines', new Error('one\n  two\r\nthree'), ': one two three'],
    ['an object without a prototype', Object.create(null), 'without a message'],
    ['an object whose toString throws', { toString: fail }, 'without a message'],
    ['nothing', undefined, ': undefined'],
    ['a very long text', new Error('x'.repeat(100_000)), 'xxx...'],
  ]
  test.each(thrown)('%s', async (_name, value, expected) => {
    const { error } = await failureOf(
      rowsOf([1], (s) =>
        s.map(() => {
          throw value
        }),
      ),
    )
    expect(error).toMatchObject({ code: 'USER_FUNCTION_FAILED', domain: 'user', operatorId: 'map-1' })
    if (value !== undefined) expect(error.cause).toBe(value)
    expect(error.message).toContain(expected)
    expect(error.message).not.toMatch(/[\r\n]/)
    expect(error.message.length).toBeLessThan(1000)
  })
})

describe('a function of a window that throws is named with its record or window', () => {
  const windows = (s: Stream<never>) => s.keyBy(() => 1).window(hour)
  const cases: Readonly<Record<string, { build: Build; where: RegExp }>> = {
    'a selector': {
      build: (s) => windows(s).aggregate('w', { all: sum(fail) }),
      where: /split collection-0, offset 0, timestamp 1/,
    },
    'a reducer': { build: (s) => windows(s).reduce('w', fail), where: /split collection-0, offset 1, timestamp 2/ },
    'a process function': { build: (s) => windows(s).process('w', fail), where: /window \[0, 3600000\)/ },
    'a generator': {
      build: (s) =>
        windows(s).process('w', function* () {
          yield 1
          fail()
        }),
      where: /window \[0, 3600000\)/,
    },
  }
  test.each(Object.entries(cases))('%s', async (_name, { build, where }) => {
    const { error } = await failureOf(rowsOf([1, 2], build, { timestamps: [1, 2] }))
    expect(error).toMatchObject({ code: 'USER_FUNCTION_FAILED', operatorId: 'w', retryable: true })
    expect(error.message).toMatch(where)
  })

  test('a record without a timestamp', async () => {
    const { error } = await failureOf(rowsOf([1], (s) => windows(s).aggregate('w', { all: sum(() => 1) })))
    expect(error).toMatchObject({
      code: 'TIMESTAMP_MISSING',
      operatorId: 'w',
      location: 'split collection-0, offset 0',
    })
    expect(error.message).toContain('found none')
  })
})

test('a row that no checkpoint can hold names its operator', async () => {
  const { error } = await failureOf(rowsOf([1], (s) => s.map(() => ({ call: () => 1 }))))
  expect(error).toMatchObject({ code: 'STATE_NOT_SERIALIZABLE', operatorId: 'rows' })
  expect(error.message).toContain('found a function')
})

describe('a timestamp function that fails is named with its record, and not tried again for ever', () => {
  const inStrategy = (timestamp: () => number) => {
    const source = collection([1])
    return defineJob('stamps', (job) =>
      job.from('values', source, monotonous({ timestamp })).to('rows', collectInto<number>([])),
    )
  }

  test('in a watermark strategy', async () => {
    const { error } = await failureOf(run(inStrategy(fail)).then((handle) => handle.result))
    expect(error).toMatchObject({ code: 'USER_FUNCTION_FAILED', operatorId: 'values', retryable: true })
    expect(error.location).toBe('split collection-0, offset 0')
  })

  test('in a watermark strategy that has to be waited for, whose rejection ends nothing', async () => {
    const { error, unhandled } = await failureOf(run(inStrategy(rejecting)).then((handle) => handle.result))
    expect(error).toMatchObject({ code: 'TIMESTAMP_INVALID', operatorId: 'values' })
    expect(unhandled).toEqual([])
  })

  test('in a collection', async () => {
    const { error } = await failureOf(rowsOf([1], (s) => s, { timestamps: fail }))
    expect(error).toMatchObject({ code: 'USER_FUNCTION_FAILED', operatorId: 'values', retryable: true })
    expect(error.message).toContain('value 0')
  })

  test.each([Number.NaN, -1, 8.64e15 + 1, 1.5, Number.POSITIVE_INFINITY, undefined, '5', 5n, null])(
    'by returning %s',
    async (found) => {
      const { error } = await failureOf(run(inStrategy(() => found as number)).then((handle) => handle.result))
      expect(error).toMatchObject({ code: 'TIMESTAMP_INVALID', operatorId: 'values', domain: 'user' })
      expect(error.location).toBe('split collection-0, offset 0')
    },
  )
})
