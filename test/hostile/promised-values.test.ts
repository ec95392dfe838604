import { aggregate, count, keepNear, millis, type Stream, session, sum } from 'tidemark'
import { describe, expect, test } from 'vitest'
import { aggregates } from './promised/aggregates.js'
import { asyncIn, evicted, inWindows, keyed, type Numbers, promise, Query, rejecting } from './promised/case.js'
import { hooks } from './promised/hooks.js'
import { rows } from './promised/rows.js'
import { failureOf, type RunJobOptions, rowsOf } from './run-job.js'

const options: RunJobOptions = { timestamps: [1, 4, 2] }

describe.each([
  ['a row or side output', rows],
  ['a function of an aggregate', aggregates],
  ['a function that decides something', hooks],
])('a promise for %s fails the job, points to mapAsync and ends no process', (_kind, cases) => {
  test.each(Object.entries(cases))('%s', async (_name, { build, operatorId, says, where }) => {
    const running = rowsOf([1, 2, 3], (s) => build(s as unknown as Numbers), options)
    const { error, unhandled } = await failureOf(running)
    expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE', domain: 'user', operatorId })
    expect(error.message).toContain(says)
    expect(error.message).toContain('stream.mapAsync(id, fn)')
    if (where !== undefined) expect(error.message).toMatch(where)
    expect(unhandled).toEqual([])
  })
})

describe('no policy goes on after a promise: it is so for every record', () => {
  const policies: Readonly<Record<string, (s: Numbers) => Stream<unknown>>> = {
    'rows of flatMap': (s) => s.flatMap(() => [promise()], { onError: 'skip' }),
    'rows of a window': (s) => inWindows(s).process('p', () => [promise()], { onError: 'skip' }),
    'rows of a temporal join': (s) =>
      keyed(s)
        .temporalJoin(keyed(s))
        .process('j', () => [promise()], { onError: 'skip' }),
    'a selector': (s) => inWindows(s).aggregate('a', { total: sum(rejecting) }, { onError: 'skip' }),
    'an aggregate of the user': (s) =>
      inWindows(s).aggregate('a', { mine: asyncIn({ result: rejecting }) }, { onError: 'skip' }),
    'the gap of a session': (s) =>
      keyed(s).window(session(rejecting)).aggregate('a', { n: count() }, { onError: 'skip' }),
    keepNear: (s) => inWindows(s).evict(keepNear(3, rejecting)).aggregate('a', { n: count() }, { onError: 'skip' }),
    onTimeout: (s) =>
      s.mapAsync('m', () => new Promise<never>(() => {}), {
        timeout: millis(1),
        onTimeout: rejecting,
        onError: 'skip',
      }),
  }
  test.each(Object.entries(policies))('%s', async (_name, build) => {
    const running = rowsOf([1, 2, 3], (s) => build(s as unknown as Numbers), options)
    const { error, unhandled } = await failureOf(running)
    expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
    expect(unhandled).toEqual([])
  })
})

describe.each([
  ['an array', (rows: readonly number[]) => rows],
  ['a set', (rows: readonly number[]) => new Set(rows)],
  ['the values of a map', (rows: readonly number[]) => new Map(rows.entries()).values()],
])(
  'a promise behind more rows than there is room for is found while it waits, and ends no process: %s',
  (_kind, collection) => {
    const rows = () => collection([...Array(20_000).keys(), promise()])
    const steps: Readonly<Record<string, (s: Numbers) => Stream<unknown>>> = {
      flatMap: (s) => s.flatMap(rows),
      'keyed process': (s) => keyed(s).process('p', { process: rows }),
      'window process': (s) => inWindows(s).process('p', rows),
      'temporal join': (s) => keyed(s).temporalJoin(keyed(s)).process('j', rows),
    }
    test.each(Object.entries(steps))('%s', async (_name, build) => {
      const running = rowsOf([1], (s) => build(s as unknown as Numbers), { timestamps: [1] })
      const { error, unhandled } = await failureOf(running)
      expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
      expect(unhandled).toEqual([])
    })
  },
)

test('rows of a collection that wait for room come out once, and in their order', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, row) => row)
  expect(await rowsOf([1], (s) => s.flatMap(() => new Set(numbers)))).toEqual(numbers)
})

test('an aggregate that begins with a promise is refused where it is defined, and ends no process', async () => {
  const { error, unhandled } = await failureOf((async () => aggregate(asyncIn({ create: rejecting })))())
  expect(error).toMatchObject({ code: 'AGGREGATE_SETTING_INVALID' })
  expect(unhandled).toEqual([])
})

test('a generator that yields a promise gets to its finally', async () => {
  let closed = 0
  const { error } = await failureOf(
    rowsOf([1], (s) =>
      s.flatMap(function* () {
        try {
          yield promise()
        } finally {
          closed++
        }
      }),
    ),
  )
  expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
  expect(closed).toBe(1)
})

test.each([
  [Number.NaN, 'NaN'],
  [undefined, 'undefined'],
  ['1', 'a string'],
])('keepNear refuses the distance %s, which would evict every record', async (distance, shown) => {
  const evictor = keepNear<number>(3, () => distance as number)
  const { error } = await failureOf(rowsOf([1, 2, 3], (s) => evicted(evictor)(s as unknown as Numbers), options))
  expect(error).toMatchObject({ code: 'EVICTOR_INVALID', operatorId: 'w', location: 'window [0, 3600000)' })
  expect(error.message).toContain(`found ${shown}`)
})

test('what merely has a then is found as the first row of a batch, and is a row further on', async () => {
  const rows = await rowsOf([1], (s) => s.flatMap(() => [0, new Query()]).map((row) => row instanceof Query))
  expect(rows).toEqual([false, true])
})
