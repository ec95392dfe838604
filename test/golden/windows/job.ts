import {
  afterCount,
  boundedOutOfOrderness,
  count,
  counted,
  defineJob,
  global,
  keepLast,
  markers,
  millis,
  onTime,
  session,
  stagger,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { type Given, type GoldenJob, lineWriter } from '../golden-job.js'
import {
  DISORDER_MS,
  type Event,
  expectedResults,
  GAP_MS,
  type Input,
  LENGTH_MS,
  makeInput,
  RESULTS,
  WINDOW_MS,
} from './expected.js'
import { lateWindows } from './late-windows.js'
import type { Mark, Visit } from './visits.js'

/** Windows of all kinds in one job: those of events, of which none is late, and those of visits. */
const windowsJob = ({ out, input, source, failOnce }: Given<Input>) =>
  defineJob('windows', (job) => {
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const carts = job
      .from(
        'events',
        source(input.events),
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

    const visits = job
      .from(
        'visits',
        source([input.visits]),
        markers<Visit | Mark>({
          timestamp: ({ at }) => at,
          watermark: ({ kind, at }) => (kind === 'mark' ? at : undefined),
        }),
        // Another one would have no split, and be idle some time or other: windows would see another watermark.
        { parallelism: 1 },
      )
      .filter((one) => one.kind === 'visit')
    const { rows, late } = lateWindows(visits)
    write('visits', rows)
    write('late', late)
  })

export const windows: GoldenJob<Input> = {
  name: 'windows',
  results: RESULTS,
  makeInput,
  build: windowsJob,
  expectedResults,
}
