import {
  type Aggregate,
  afterCount,
  aggregate,
  aggregatingState,
  count,
  type Evictor,
  keepNear,
  last,
  max,
  millis,
  onTime,
  purging,
  reducingState,
  type Stream,
  seconds,
  session,
  sideOutput,
  sum,
  type Trigger,
  tumbling,
  type WindowedStream,
} from 'tidemark'
import { describe, expect, test } from 'vitest'
import { failureOf, type RunJobOptions, rowsOf } from './run-job.js'

type Numbers = Stream<number>
type Windows = WindowedStream<number, number, never>

interface Case {
  readonly build: (stream: Numbers) => Stream<unknown>
  readonly operatorId: string
  /** What the message says of the call. */
  readonly says: string
  /** What it says of the record or window. */
  readonly where?: RegExp
}

const rejected = async (): Promise<never> => {
  throw new Error('nobody waits for this')
}
/** What an ORM gives for a query: no Promise, but it has a `then`. */
class Query {
  // biome-ignore lint/suspicious/noThenProperty: that it has one is what makes it a case
  then(_done: unknown, failed: (error: Error) => void): void {
    failed(new Error('no'))
  }
}
// JavaScript callers are not stopped by the compiler.
const rejecting = rejected as never
const promise = rejected as () => never
const hour = tumbling(seconds(3600))
const firstRecord = /split collection-0, offset 0, timestamp 1/
const window = /window \[0, 3600000\)/

const keyed = (s: Numbers) => s.keyBy(() => 1)
const inWindows = (s: Numbers) => keyed(s).window(hour)
const rowPromised = (s: Numbers, rows: () => unknown) => s.flatMap(rows as () => Iterable<unknown>)

const rows: Readonly<Record<string, Case>> = {
  'flatMap, an array': {
    build: (s) => rowPromised(s, () => [1, 2].map(rejected)),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, an array in which one is promised': {
    build: (s) => rowPromised(s, () => [0, rejected(), 2, rejected()]),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a set': {
    build: (s) => rowPromised(s, () => new Set([rejected(), rejected()])),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a thenable': {
    build: (s) => rowPromised(s, () => [new Query()]),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a generator': {
    build: (s) =>
      rowPromised(s, function* () {
        yield promise()
        yield promise()
      }),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  process: {
    build: (s) => s.process('p', () => [promise()]),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: firstRecord,
  },
  'keyed process': {
    build: (s) => keyed(s).process('p', { process: () => [promise()] }),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: firstRecord,
  },
  onTimer: {
    build: (s) =>
      keyed(s).process('p', {
        process: (_value, ctx) => ctx.timers.registerEventTime(5),
        onTimer: () => [promise()],
      }),
    operatorId: 'p',
    says: 'onTimer gave a promise as a row',
    where: /timestamp 5/,
  },
  'both sides of a connected stream': {
    build: (s) =>
      keyed(s)
        .connect(keyed(s.filter(() => false)))
        .process('p', { onLeft: () => [promise()], onRight: () => undefined }),
    operatorId: 'p',
    says: 'onLeft gave a promise as a row',
    where: firstRecord,
  },
  'window process': {
    build: (s) => inWindows(s).process('p', (values) => values.map(promise)),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'window process, a generator': {
    build: (s) =>
      inWindows(s).process('p', function* () {
        yield promise()
      }),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'a function of the aggregates of a window': {
    build: (s) => inWindows(s).aggregate('p', { n: count() }, () => [promise()]),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'interval join': {
    build: (s) =>
      keyed(s)
        .intervalJoin(keyed(s), { lower: { before: millis(1) }, upper: millis(1) })
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'window join': {
    build: (s) =>
      keyed(s)
        .join(keyed(s))
        .window(hour)
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'gave a promise as a row',
    where: window,
  },
  'temporal join': {
    build: (s) =>
      keyed(s)
        .temporalJoin(keyed(s))
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'side output': {
    build: (s) =>
      s.process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_value, ctx) => ctx.sideOutputs.a.emit(promise()),
      }).a,
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: firstRecord,
  },
  'side output that nobody reads': {
    build: (s) =>
      keyed(s).process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_value, ctx) => ctx.sideOutputs.a.emit(promise()),
      }),
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: firstRecord,
  },
  'side output of a window': {
    build: (s) =>
      inWindows(s).process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_values, ctx) => ctx.sideOutputs.a.emit(promise()),
      }).a,
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: window,
  },
}

/** Sums numbers, but for what is replaced by something asynchronous. */
const asyncIn = (replaced: Partial<Aggregate<number, number, number>>): Aggregate<number, number, number> => ({
  kind: 'mine',
  create: () => 0,
  add: (total, value) => total + value,
  merge: (left, right) => left + right,
  result: (total) => total,
  ...replaced,
})

const aggregates: Readonly<Record<string, Case>> = {
  add: {
    build: (s) => inWindows(s).aggregate('a', { mine: aggregate(asyncIn({ add: rejecting })) }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: firstRecord,
  },
  'add, of the second of two fields': {
    build: (s) => inWindows(s).aggregate('a', { n: count(), mine: asyncIn({ add: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: firstRecord,
  },
  'add, of one of three fields, later on': {
    build: (s) =>
      inWindows(s).aggregate('a', {
        n: count(),
        most: max((value) => value),
        mine: asyncIn({ add: (total, value) => (value === 2 ? promise() : total + value) }),
      }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: /offset 1, timestamp 4/,
  },
  create: {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ create: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: create returned a promise',
    where: firstRecord,
  },
  result: {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ result: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: result returned a promise',
    where: window,
  },
  'result, for a function of the window': {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ result: rejecting }) }, () => []),
    operatorId: 'a',
    says: 'field mine: mine: result returned a promise',
    where: window,
  },
  merge: {
    build: (s) =>
      keyed(s)
        .window(session(millis(2)))
        .aggregate('a', { mine: asyncIn({ merge: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: merge returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'a selector': {
    build: (s) => inWindows(s).aggregate('a', { total: sum(rejecting) }),
    operatorId: 'a',
    says: 'field total: sum: the selector returned a promise',
    where: firstRecord,
  },
  'a selector of what is only kept': {
    build: (s) => inWindows(s).aggregate('a', { newest: last(rejecting) }),
    operatorId: 'a',
    says: 'field newest: last: the selector returned a promise',
    where: firstRecord,
  },
  'add, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { mine: aggregatingState(asyncIn({ add: rejecting })) },
        process: (value, ctx) => ctx.state.mine.add(value),
      }),
    operatorId: 'p',
    says: 'mine: add returned a promise',
    where: firstRecord,
  },
  'reduce, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { total: reducingState<number>(rejecting) },
        process: (value, ctx) => ctx.state.total.add(value),
      }),
    operatorId: 'p',
    says: 'the function of a reducingState returned a promise',
    where: /offset 1, timestamp 4/,
  },
  'result, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { mine: aggregatingState(asyncIn({ result: rejecting })) },
        process: (value, ctx) => {
          ctx.state.mine.add(value)
          ctx.state.mine.value()
        },
      }),
    operatorId: 'p',
    says: 'mine: result returned a promise',
    where: firstRecord,
  },
}

const asyncTrigger = (replaced: Partial<Trigger>): Trigger => ({ ...purging(afterCount(2)), kind: 'mine', ...replaced })
const counts = (windows: Windows): Stream<unknown> => windows.aggregate('w', { n: count() })
const triggered = (trigger: Trigger) => (s: Numbers) => counts(inWindows(s).trigger(trigger) as unknown as Windows)
const inSessions = (trigger: Trigger) => (s: Numbers) =>
  counts(
    keyed(s)
      .window(session(millis(2)))
      .trigger(trigger) as unknown as Windows,
  )
const evicted = (evictor: Evictor<number>) => (s: Numbers) => counts(inWindows(s).evict(evictor) as unknown as Windows)

const hooks: Readonly<Record<string, Case>> = {
  'Trigger.onRecord': {
    build: triggered(asyncTrigger({ onRecord: rejecting })),
    operatorId: 'w',
    says: 'the trigger mine returned a promise',
    where: firstRecord,
  },
  'Trigger.clear': {
    build: triggered(asyncTrigger({ clear: rejecting })),
    operatorId: 'w',
    says: 'clear of the trigger mine returned a promise',
  },
  'Trigger.merge': {
    build: inSessions(asyncTrigger({ merge: rejecting })),
    operatorId: 'w',
    says: 'merge of the trigger mine returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'Trigger.clear, of a part of a trigger': {
    build: triggered(onTime().early(asyncTrigger({ clear: rejecting }))),
    operatorId: 'w',
    says: 'clear of the trigger onTime().early(mine) returned a promise',
  },
  'Trigger.merge, of a part of a trigger': {
    build: inSessions(onTime().early(purging(asyncTrigger({ merge: rejecting })))),
    operatorId: 'w',
    says: 'merge of the trigger onTime().early(purging(mine)) returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'the gap of a session': {
    build: (s) => counts(keyed(s).window(session(rejecting)) as unknown as Windows),
    operatorId: 'w',
    says: "session: the function of a record's gap returned a promise",
    where: firstRecord,
  },
  keepNear: {
    build: evicted(keepNear(3, rejecting)),
    operatorId: 'w',
    says: 'keepNear(3): its function returned a promise',
    where: window,
  },
  'Evictor.before': {
    build: evicted({ kind: 'mine', before: rejecting }),
    operatorId: 'w',
    says: 'before of the evictor mine returned a promise',
    where: window,
  },
  'Evictor.after': {
    build: evicted({ kind: 'mine', after: rejecting }),
    operatorId: 'w',
    says: 'after of the evictor mine returned a promise',
    where: window,
  },
  'the records of Evictor.before': {
    build: evicted({ kind: 'mine', before: ((records: readonly unknown[]) => records.map(rejected)) as never }),
    operatorId: 'w',
    says: 'before of the evictor mine gave a promise as a record',
    where: window,
  },
  'the key of partitionBy': {
    build: (s) =>
      s
        .map((value) => value)
        .partitionBy(rejecting, () => 0)
        .map((value) => value),
    operatorId: 'map-1',
    says: 'the key function of partitionBy returned a promise',
    where: firstRecord,
  },
  'retry.on of mapAsync': {
    build: (s) => s.mapAsync('m', rejected, { retry: { attempts: 3, delay: millis(1), on: rejecting } }),
    operatorId: 'm',
    says: 'retry.on returned a promise',
    where: firstRecord,
  },
  'onTimeout of mapAsync': {
    build: (s) => s.mapAsync('m', () => new Promise<never>(() => {}), { timeout: millis(1), onTimeout: rejecting }),
    operatorId: 'm',
    says: 'onTimeout returned a promise',
    where: firstRecord,
  },
}

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

test('a promise behind more rows than there is room for is found while it waits, and ends no process', async () => {
  const many = Array.from({ length: 100_000 }, (_, row) => row)
  const { error, unhandled } = await failureOf(rowsOf([1], (s) => s.flatMap(() => [...many, promise()])))
  expect(error).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE', operatorId: 'flatMap-1' })
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
