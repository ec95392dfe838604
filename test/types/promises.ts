/*
 * A promise where nobody waits for it must not compile; what is no promise must, inferred as before. That the compiler
 * says why is in instantiations.test.ts.
 */
import {
  type Aggregate,
  afterCount,
  aggregate,
  aggregatingState,
  collect,
  combine,
  count,
  defineJob,
  first,
  type JobBuilder,
  type KeyedStream,
  keepNear,
  last,
  listOperatorState,
  listState,
  mapState,
  minutes,
  monotonous,
  reducingState,
  type Source,
  type Stream,
  session,
  sideOutput,
  type Trigger,
  topN,
  tumbling,
  unionOperatorState,
  valueState,
} from '../../core/index.js'
import { hotspots, rateOfChange, sequence, sessionFeatures, topPerWindow } from '../../core/patterns/index.js'
import { type Same, type ValueOf, yes } from './same.js'

interface Trip {
  readonly cell: string
  readonly fare: number
}

declare const source: Source<Trip>
declare const promised: Source<Promise<Trip>>
declare function ask(trip: Trip): Promise<number>
declare function sometimes(trip: Trip): number | Promise<number>
/** No Promise, but it has a `then`: a query of a database client. */
declare function query(): PromiseLike<string>
declare function loaded(): Promise<void>

const slow: Aggregate<Trip, number, Promise<number>> = {
  kind: 'slow',
  create: () => 0,
  add: (kept, trip) => kept + trip.fare,
  merge: (left, right) => left + right,
  result: async (kept) => kept,
}

defineJob('rows-of-promises', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)
  const windows = keyed.window(tumbling(minutes(1)))
  const joined = keyed.join(keyed).window(tumbling(minutes(1)))
  const bounds = { lower: minutes(0), upper: minutes(1) }
  const rules = trips.broadcast({ rules: mapState<string, Trip>() })

  // @ts-expect-error a source of promises
  job.from('promised', promised)
  // @ts-expect-error an asynchronous map
  trips.map(async (trip) => trip)
  // @ts-expect-error a promise that another function gives
  trips.map(ask)
  // @ts-expect-error one for some records only
  trips.map(sometimes)
  // @ts-expect-error what has a then
  trips.map(() => query())
  // @ts-expect-error an object
  trips.map({ open: () => 3, map: async (trip, factor) => trip.fare * factor })
  // @ts-expect-error said outright
  trips.map<Promise<Trip>>(async (trip) => trip)
  // @ts-expect-error a list of promises
  trips.flatMap((trip) => [trip].map(async (one) => one))
  // @ts-expect-error promises among others
  trips.flatMap((trip) => [trip.fare, ask(trip)])
  // @ts-expect-error a generator that yields one
  trips.flatMap(function* (trip) {
    yield trip.fare
    yield ask(trip)
  })
  // @ts-expect-error an object
  trips.flatMap({ flatMap: (trip) => new Set([ask(trip)]) })
  // @ts-expect-error a promise to go by
  trips.partitionBy(ask, () => 0)
  // @ts-expect-error the result of what timed out
  trips.mapAsync('a', ask, { onTimeout: async () => 0 })

  // @ts-expect-error rows of process
  trips.process('a', (trip) => [ask(trip)])
  // @ts-expect-error a generator
  trips.process('a', function* (trip) {
    yield ask(trip)
  })
  // @ts-expect-error an object
  trips.process('a', { process: (trip) => [ask(trip)] })
  // @ts-expect-error of a keyed one
  keyed.process('a', { process: (trip) => [ask(trip)] })
  // @ts-expect-error rows of a timer
  keyed.process('a', { process: () => {}, onTimer: () => [query()] })
  // @ts-expect-error rows of two streams
  keyed.connect(keyed).process('a', { onLeft: () => [], onRight: (trip) => [ask(trip)] })
  // @ts-expect-error beside broadcast state
  keyed.connect(rules).process('a', { onRecord: (trip) => [ask(trip)], onBroadcast: () => {} })
  // @ts-expect-error without a key as well
  trips.connect(rules).process('a', { onRecord: () => [], onBroadcast: (trip) => [ask(trip)] })
  // @ts-expect-error of pairs
  keyed.intervalJoin(keyed, bounds).process('a', (trip) => [ask(trip)])
  // @ts-expect-error of versions
  keyed.temporalJoin(keyed).process('a', (trip) => [ask(trip)])
  // @ts-expect-error of a window's pairs
  joined.process('a', (trip) => [ask(trip)])
  // @ts-expect-error of a window
  windows.process('a', (values) => values.map(ask))
  // @ts-expect-error of an object for a window
  windows.process('a', { process: (values) => values.map(ask) })
  // @ts-expect-error of a summary
  windows.aggregate('a', { n: count() }, ({ n }) => [Promise.resolve(n)])
  // @ts-expect-error of a window over all
  trips.windowAll(tumbling(minutes(1))).process('a', (values) => values.map(ask))

  // @ts-expect-error what an aggregate selects
  windows.aggregate('a', { a: last(async (trip) => trip.fare) })
  // @ts-expect-error of the first one
  windows.aggregate('a', { a: first((trip) => ask(trip)) })
  // @ts-expect-error of all
  windows.aggregate('a', { a: collect((trip) => ask(trip)) })
  // @ts-expect-error of the best
  windows.aggregate('a', { a: topN(3, { by: (trip) => trip.fare, select: (trip) => ask(trip) }) })
  // @ts-expect-error an aggregate of one's own that waits at the end
  windows.aggregate('a', { slow })
  // @ts-expect-error with a function behind it
  windows.aggregate('a', { slow }, () => [3])
  // @ts-expect-error within another one
  combine<Trip, { slow: typeof slow }>({ slow })
  // @ts-expect-error within a pattern
  keyed.pipe(sessionFeatures('a', { gap: minutes(1), features: { slow } }))
  // @ts-expect-error made with aggregate
  aggregate({ kind: 'a', create: () => 0, add: (a) => a, merge: (a) => a, result: async (a: number) => a })
  // @ts-expect-error that waits as it adds
  aggregate<Trip, Promise<number>, number>({
    kind: 'a',
    create: async () => 0,
    add: async (kept, trip) => (await kept) + trip.fare,
    merge: async (left, right) => (await left) + (await right),
    result: () => 0,
  })

  const lingering: Trigger = {
    ...afterCount(3),
    // @ts-expect-error a trigger that waits as it is cleared
    clear: async () => {},
    // @ts-expect-error one that sometimes waits as sessions become one
    merge: (_window, states) => (states.length > 0 ? Promise.resolve() : undefined),
  }
  windows.trigger(lingering)
  // @ts-expect-error one that gives what has a then
  windows.trigger({ ...afterCount(3), clear: () => query() })
  // @ts-expect-error one that is declared to wait
  windows.trigger({ ...afterCount(3), clear: loaded })

  // @ts-expect-error joins need keys
  trips.join(keyed)
  // @ts-expect-error lists of both sides too
  trips.coGroup(keyed)
  // @ts-expect-error pairs near in time too
  trips.intervalJoin(keyed, bounds)
  // @ts-expect-error versions too
  trips.temporalJoin(keyed)
})

defineJob('answers-that-are-promised', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)
  const windows = keyed.window(tumbling(minutes(1)))
  const yet = async () => true

  // @ts-expect-error whether a record stays
  trips.filter(yet)
  // @ts-expect-error which branch takes it
  trips.split({ dear: yet })
  // @ts-expect-error which subtask
  trips.partitionBy(same<Trip>, async () => 0)
  // @ts-expect-error whether a call is made again
  trips.mapAsync('a', ask, { retry: { attempts: 3, on: yet } })
  // @ts-expect-error what two records become
  keyed.reduce('a', async (left) => left)
  // @ts-expect-error when a session ends
  keyed.window(session(async () => minutes(1)))
  // @ts-expect-error how far apart two records are
  windows.evict(keepNear(3, async () => 1))
  // @ts-expect-error which records a window keeps
  windows.evict({ kind: 'none', before: async (records) => records })
  // @ts-expect-error whether a window fires
  windows.trigger({ ...afterCount(3), onRecord: async () => 'fire' })
  // @ts-expect-error when a record happened
  job.from('timed', source, monotonous({ timestamp: async () => 0 }))
  // @ts-expect-error rows in a promise
  trips.process('a', async (trip) => [trip])
  // @ts-expect-error rows of a key in a promise
  keyed.process('a', { process: async (trip) => [trip] })
  // @ts-expect-error rows of a timer in a promise
  keyed.process('a', { process: () => [], onTimer: async () => [3] })
  // @ts-expect-error a rate
  keyed.pipe(rateOfChange('a', { of: async (trip) => trip.fare }))
  // @ts-expect-error whether a record is a step of a sequence
  keyed.pipe(sequence('a', { pattern: (p) => p.begin('a', yet).followedBy('b', () => true), within: minutes(1) }))
  const place = { dimensions: { x: ask }, windowSize: 10, scanRadius: 1, minimumPoints: 3 }
  // @ts-expect-error where a record is
  keyed.pipe(hotspots('a', place))
  // @ts-expect-error which row is best
  windows.aggregate('a', { n: count() }).pipe(topPerWindow('b', { n: 3, by: async (row) => row.n }))
})

// @ts-expect-error a job
defineJob('waits', async () => {})
// @ts-expect-error a job with options
defineJob('waits', { parallelism: 2 }, async () => {})

// @ts-expect-error a value
valueState<Promise<number>>()
// @ts-expect-error a value that may be one
valueState<number | Promise<number>>()
// @ts-expect-error a value that begins as one
valueState({ initial: async () => 3 })
// @ts-expect-error a list
listState<Promise<number>>()
// @ts-expect-error a map
mapState<string, Promise<number>>()
// @ts-expect-error a reduction
reducingState((left: Promise<number>, _right: Promise<number>) => left)
// @ts-expect-error an aggregate
aggregatingState(slow)
// @ts-expect-error of a subtask
listOperatorState<Promise<number>>()
// @ts-expect-error of all subtasks
unionOperatorState<Promise<number>>()
// @ts-expect-error a side output
sideOutput<Promise<number>>()

/* What the refusal must leave alone. */

declare function same<V>(value: V): V
declare function listed<V>(value: V): V[]
declare const anything: ReturnType<typeof JSON.parse>
declare const unknownYet: unknown
declare const rate: ((trip: Trip) => number) | { map(trip: Trip): number }

defineJob('values', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)

  // A function that is generic itself is taken for the stream's type.
  yes<Same<ValueOf<ReturnType<typeof trips.map<Trip>>>, Trip>>()
  const kept = trips.map(same)
  yes<Same<ValueOf<typeof kept>, Trip>>()
  const lists = trips.map(listed)
  yes<Same<ValueOf<typeof lists>, Trip[]>>()
  const flat = trips.flatMap(listed)
  yes<Same<ValueOf<typeof flat>, Trip>>()
  const texts = trips.map(JSON.stringify)
  yes<Same<ValueOf<typeof texts>, string>>()

  const word = trips.map(() => 'word')
  yes<Same<ValueOf<typeof word>, string>>()
  const literal = trips.map(() => 'word' as const)
  yes<Same<ValueOf<typeof literal>, 'word'>>()
  const tuple = trips.map((trip) => [trip.cell, trip.fare] as const)
  yes<Same<ValueOf<typeof tuple>, readonly [string, number]>>()
  const union = trips.map((trip) => (trip.fare > 3 ? trip : trip.fare > 2 ? 'cheap' : undefined))
  yes<Same<ValueOf<typeof union>, Trip | 'cheap' | undefined>>()
  const loose = trips.map(() => anything)
  yes<Same<ValueOf<typeof loose>, typeof anything>>()
  const unsure = trips.map(() => unknownYet)
  yes<Same<ValueOf<typeof unsure>, unknown>>()
  const rated = trips.map(rate)
  yes<Same<ValueOf<typeof rated>, number>>()
  const never = trips.flatMap(() => [])
  yes<Same<ValueOf<typeof never>, never>>()
  const annotated: Stream<{ readonly kind: 'trip' }> = trips.map(() => ({ kind: 'trip' }))
  void annotated
  const mixed = trips.flatMap(function* (trip) {
    yield trip.fare
    yield trip.cell
  })
  yes<Same<ValueOf<typeof mixed>, number | string>>()
  const parted = trips.partitionBy(
    (trip) => trip.fare,
    (fare, subtasks) => fare % subtasks,
  )
  yes<Same<typeof parted, Stream<Trip>>>()
  // A promise inside a row is state's and the codec's to refuse, by its name.
  trips.map((trip) => ({ later: ask(trip) }))
  keyed.process('any', { process: () => [anything] })

  // Nobody asks what merge and clear of a trigger give: an expression is as good as a block.
  const open = new Set<unknown>()
  const told = {
    ...afterCount(3),
    clear: (window) => open.delete(window),
    merge: (_, states) => states.length,
  } satisfies Trigger
  yes<Same<ReturnType<typeof told.clear>, boolean>>()
  const windows = keyed.window(tumbling(minutes(1))).trigger(told)
  for (const give of [() => open, () => [told], () => ({ open }), () => same, () => null, () => 'gone', () => 1n]) {
    windows.trigger({ ...afterCount(3), clear: give })
  }
  windows.trigger({ ...afterCount(3), clear: () => anything, merge() {} })
  windows.trigger({ ...afterCount(3), clear: (): void => open.clear(), merge: () => undefined })
})

/* Steps that are generic themselves, as one shares them between jobs: their types are not known yet where they are written. */

export function read<T>(job: JobBuilder<object>, from: Source<T>): Stream<T> {
  return job.from('read', from)
}
export function mapped<T, R>(stream: Stream<T>, fn: (value: T) => R): Stream<R> {
  return stream.map(fn)
}
export function tagged<T, U>(stream: Stream<T>, tag: U): Stream<T | { readonly tag: U }> {
  return stream.flatMap((value) => [value, { tag }])
}
export function without<T extends Trip>(stream: Stream<T>): Stream<Omit<T, 'fare'>> {
  return stream.map(({ fare: _, ...rest }) => rest)
}
export function field<T extends Trip, F extends keyof T>(stream: Stream<T>, name: F): Stream<T[F]> {
  return stream.map((value) => value[name])
}
export function changes<K extends string, T>(keyed: KeyedStream<K, T>): Stream<T> {
  return keyed.process('changes', {
    state: { before: valueState<T>(), all: listState<readonly [T, number]>(), by: mapState<string, T>() },
    sideOutputs: { same: sideOutput<T>() },
    *process(value, ctx) {
      ctx.state.all.add([value, ctx.timestamp])
      if (ctx.state.before.value() === value) ctx.sideOutputs.same.emit(value)
      else yield value
    },
  })
}
export function newest<V>(): Aggregate<V, V | null, V | null> {
  return aggregate<V, V | null, V | null>({
    kind: 'newest',
    create: () => null,
    add: (_kept, value) => value,
    merge: (_left, right) => right,
    result: (kept) => kept,
  })
}
export function fields<T, V>(keyed: KeyedStream<string, T>, select: (value: T) => V): Stream<readonly V[]> {
  return keyed
    .window(tumbling(minutes(1)))
    .aggregate('fields', { all: collect((value) => select(value)), last: last(select) })
    .map((row) => [...row.all, row.last])
}
