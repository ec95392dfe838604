import { boundedOutOfOrderness, count, defineJob, millis, tumbling } from 'tidemark'
import {
  absence,
  deduplicate,
  hotspots,
  rateOfChange,
  sequence,
  sessionFeatures,
  topPerWindow,
} from 'tidemark/patterns'
import { type Given, type GoldenJob, lineWriter, type Splits } from '../golden-job.js'
import {
  DISORDER_MS,
  type Event,
  expectedResults,
  GAP_MS,
  HOTSPOTS,
  makeEvents,
  PERIOD_MS,
  TOP,
  WINDOW_MS,
  WITHIN_MS,
} from './expected.js'

const RESULTS = ['unique', 'rates', 'silent', 'sessions', 'top', 'paid', 'unpaid', 'hot', 'busy', 'late'] as const

/** Every pattern in one job. */
const patternsJob = ({ out, input, source, failOnce }: Given<Splits<Event>>) =>
  defineJob('patterns', (job) => {
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const byTime = boundedOutOfOrderness<Event>({ timestamp: ({ at }) => at, maxDelay: millis(DISORDER_MS) })
    const within = millis(WITHIN_MS)
    const unique = job
      .from('events', source(input), byTime)
      .map((event) => failOnce(event))
      .keyBy(({ id }) => id)
      .pipe(deduplicate('unique', { within }))
    write('unique', unique)

    const carts = unique.keyBy(({ cart }) => cart)
    const rates = carts.pipe(rateOfChange('rates', { of: ({ total }) => total }))
    write(
      'rates',
      rates.map(({ key, record, difference, elapsedMs }) => ({ cart: key, id: record.id, difference, elapsedMs })),
    )
    const silent = carts.pipe(absence('silent', { within }))
    write(
      'silent',
      silent.map(({ key, last, absentAt }) => ({ cart: key, id: last.id, at: absentAt })),
    )
    const sessions = carts.pipe(sessionFeatures('sessions', { gap: millis(GAP_MS) }))
    write(
      'sessions',
      sessions.map(({ key, startedAt, endedAt, count: events }) => ({
        cart: key,
        from: startedAt,
        to: endedAt,
        count: events,
      })),
    )
    const top = carts
      .window(tumbling(millis(WINDOW_MS)))
      .aggregate('per-cart', { events: count() })
      .pipe(topPerWindow('top', { n: TOP, by: (row) => row.events }))
    write(
      'top',
      top.map(({ window, rank, key, events: counted }) => ({ end: window.end, rank, cart: key, events: counted })),
    )
    const paid = carts.pipe(
      sequence('paid', {
        pattern: (p) =>
          p
            .begin('added', ({ kind }) => kind === 'add')
            .notFollowedBy(({ kind }) => kind === 'remove')
            .followedBy('paid', ({ kind }) => kind === 'pay'),
        within,
      }),
    )
    write(
      'paid',
      paid.map(({ key, captures }) => ({ cart: key, added: captures.added.id, paid: captures.paid.id })),
    )
    const unpaid = carts.pipe(
      sequence('unpaid', {
        pattern: (p) => p.begin('added', ({ kind }) => kind === 'add').notFollowedBy(({ kind }) => kind === 'pay'),
        within,
      }),
    )
    write(
      'unpaid',
      unpaid.map(({ key, captures, startedAt }) => ({
        cart: key,
        added: captures.added.id,
        at: startedAt + WITHIN_MS,
      })),
    )
    const dimensions = { total: ({ total }: Event) => total, time: ({ at }: Event) => at % PERIOD_MS }
    const hot = carts.pipe(hotspots('hot', { dimensions, ...HOTSPOTS }))
    write(
      'hot',
      hot.map(({ record: { cart, id }, hotspot }) => ({
        cart,
        id,
        points: hotspot?.pointsCount ?? 0,
        from: hotspot ? [hotspot.minValues.total, hotspot.minValues.time] : [],
        to: hotspot ? [hotspot.maxValues.total, hotspot.maxValues.time] : [],
      })),
    )
    const busy = carts.pipe(hotspots('busy', { dimensions, ...HOTSPOTS, every: millis(WINDOW_MS) }))
    write(
      'busy',
      busy.map(({ key, end, pointsCount, minValues, maxValues }) => ({
        cart: key,
        end,
        points: pointsCount,
        from: [minValues.total, minValues.time],
        to: [maxValues.total, maxValues.time],
      })),
    )
    const { late } = unique
    write(
      'late',
      late.union(rates.late, silent.late, sessions.late, paid.late, unpaid.late, top.late, hot.late, busy.late),
    )
  })

export const patterns: GoldenJob<Splits<Event>> = {
  name: 'patterns',
  results: RESULTS,
  makeInput: makeEvents,
  build: patternsJob,
  expectedResults,
}
