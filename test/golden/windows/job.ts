import {
  afterCount,
  boundedOutOfOrderness,
  count,
  counted,
  defineJob,
  global,
  keepLast,
  millis,
  onTime,
  session,
  stagger,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { type Given, type GoldenJob, lineWriter, type Splits } from '../golden-job.js'
import {
  DISORDER_MS,
  type Event,
  expectedResults,
  GAP_MS,
  LENGTH_MS,
  makeEvents,
  RESULTS,
  WINDOW_MS,
} from './expected.js'

/** Windows by count, stagger windows, sessions that fire early, early results, evictors and state, in one job. */
const windowsJob = ({ out, input, source, failOnce }: Given<Splits<Event>>) =>
  defineJob('windows', (job) => {
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const carts = job
      .from(
        'events',
        source(input),
        boundedOutOfOrderness<Event>({ timestamp: ({ at }) => at, maxDelay: millis(DISORDER_MS) }),
      )
      .map((event) => failOnce(event))
      .keyBy(({ cart }) => cart)
    const tens = carts.window(tumbling(millis(WINDOW_MS)))
    write(
      'chunks',
      carts.window(counted(5)).process('chunks', (all, { key }) => [{ cart: key, ids: all.map(({ id }) => id) }]),
    )
    write(
      'running',
      carts
        .window(counted(6, { slide: 2 }))
        .aggregate('running', { n: count(), total: sum(({ total }) => total) })
        .map(({ key, n, total }) => ({ cart: key, n, total })),
    )
    write(
      'stagger',
      carts
        .window(stagger(millis(LENGTH_MS)))
        .aggregate('stagger', { n: count() })
        .map(({ key, window, n }) => ({ cart: key, start: window.start, n })),
    )
    write(
      'sessions',
      carts
        .window(session(millis(GAP_MS)))
        .trigger(onTime().early(afterCount(3)))
        .aggregate('sessions', { n: count() }, { replaces: true })
        .map(({ key, window, n, replaces }) => ({
          cart: key,
          start: window.start,
          end: window.end,
          n,
          replaces: replaces.map(({ start, end }) => [start, end]),
        })),
    )
    write(
      'early',
      tens
        .trigger(onTime().early(afterCount(4)))
        .aggregate('early', { n: count() })
        .map(({ key, window, n }) => ({ cart: key, end: window.end, n })),
    )
    write(
      'last',
      carts
        .window(global())
        .trigger(afterCount(3))
        .evict(keepLast(4))
        .process('last', (kept, { key }) => [{ cart: key, ids: kept.map(({ id }) => id) }]),
    )
    write(
      'state',
      tens.aggregate(
        'state',
        { total: sum(({ total }) => total) },
        {
          keyState: { soFar: valueState<number>({ initial: () => 0 }) },
          windowState: { isGiven: valueState<boolean>() },
          process({ total }, { key, window, keyState, windowState }) {
            if (windowState.isGiven.value()) throw new Error(`${key} fired twice at ${window.end}`)
            windowState.isGiven.update(true)
            keyState.soFar.mutate((before) => (before ?? 0) + total)
            return [{ cart: key, end: window.end, soFar: keyState.soFar.value() }]
          },
        },
      ),
    )
  })

export const windows: GoldenJob<Splits<Event>> = {
  name: 'windows',
  results: RESULTS,
  makeInput: makeEvents,
  build: windowsJob,
  expectedResults,
}
