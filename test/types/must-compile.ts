/*
 * What has to compile without an annotation. The compiler is the test: `npm run check` type-checks this file.
 * `Same<A, B>` is true for identical types only.
 */
import { z } from 'zod'
import {
  boundedOutOfOrderness,
  count,
  type DeadLetter,
  defineJob,
  type FunctionContext,
  type GlobalWindow,
  global,
  hours,
  type KeyedStream,
  listState,
  mapState,
  mean,
  minutes,
  reducingState,
  type Sink,
  type Source,
  type Stream,
  seconds,
  session,
  sideOutput,
  sliding,
  sum,
  type TimeWindow,
  tumbling,
  valueState,
} from '../../core/index.js'
import { type Same, type ValueOf, yes } from './same.js'

interface Trip {
  readonly type: 'trip'
  readonly cell: string
  readonly fare: number
  readonly endedAt: number
  readonly airport?: 'JFK' | 'LGA'
}
interface Marker {
  readonly type: 'marker'
  readonly at: number
}

declare const source: Source<Trip | Marker>
declare const anySink: Sink<unknown>
declare function sinkOf<T>(write: (value: T) => void): Sink<T>

class Pricing {
  async open(context: FunctionContext): Promise<{ readonly rate: number }> {
    return { rate: context.subtask.index }
  }
  map(trip: Trip, opened: { readonly rate: number }): number {
    return trip.fare * opened.rate
  }
  close(): void {}
}

export default defineJob('must-compile', (job) => {
  const events = job.from(
    'events',
    source,
    boundedOutOfOrderness({
      timestamp: (event) => (event.type === 'trip' ? event.endedAt : event.at),
      maxDelay: seconds(60),
    }),
  )
  yes<Same<typeof events.malformed, Stream<DeadLetter>>>()

  // An inferred predicate narrows, and narrows again.
  const trips = events.filter((event) => event.type === 'trip')
  yes<Same<ValueOf<typeof trips>, Trip>>()
  const toAirports = trips.filter((trip) => trip.airport !== undefined)
  toAirports.map((trip) => trip.airport)

  // map, flatMap, union, pipe
  const fares = trips.map((trip) => trip.fare)
  yes<Same<ValueOf<typeof fares>, number>>()
  const words = trips.flatMap((trip) => trip.cell.split(' '))
  yes<Same<ValueOf<typeof words>, string>>()
  const numbers = trips.flatMap(function* (trip) {
    yield trip.fare
  })
  yes<Same<ValueOf<typeof numbers>, number>>()
  const both = fares.union(words, trips)
  yes<Same<ValueOf<typeof both>, number | string | Trip>>()
  const piped = trips.pipe((stream) => stream.map((trip) => trip.cell))
  yes<Same<ValueOf<typeof piped>, string>>()

  // Functions with a life cycle: what open returns is typed, awaited or not.
  const priced = trips.map({
    async open(context) {
      return { hits: context.metrics.counter('hits') }
    },
    map(trip, opened) {
      opened.hits.add()
      return trip.fare.toFixed(2)
    },
    close(opened) {
      opened.hits.value.toFixed()
    },
  })
  yes<Same<ValueOf<typeof priced>, string>>()
  const byClass = trips.map(new Pricing())
  yes<Same<ValueOf<typeof byClass>, number>>()
  trips.filter({ open: () => 10, filter: (trip, least) => trip.fare >= least })
  trips.flatMap({ open: () => [1, 2], flatMap: (trip, factors) => factors.map((factor) => factor * trip.fare) })

  // Keys: scalars and flat tuples.
  const keyed = trips.keyBy((trip) => trip.cell)
  yes<Same<typeof keyed, KeyedStream<string, Trip>>>()
  const byTuple = trips.keyBy((trip) => [trip.cell, trip.fare])
  yes<Same<typeof byTuple, KeyedStream<readonly [string, number], Trip>>>()
  trips.keyBy((trip) => BigInt(trip.endedAt))
  trips.keyBy((trip) => trip.fare > 3)

  // Process: side outputs are properties of the result.
  const checked = trips.process('check', {
    sideOutputs: { cheap: sideOutput<{ readonly cell: string }>() },
    process(trip, ctx) {
      if (trip.fare > 5) return [trip.fare + ctx.timestamp]
      ctx.sideOutputs.cheap.emit({ cell: trip.cell })
      return
    },
  })
  yes<Same<typeof checked.cheap, Stream<{ readonly cell: string }>>>()
  checked.map((fare) => fare.toFixed())
  trips.process('stamped', (trip, ctx) => [{ ...trip, at: ctx.timestamp }]).map((trip) => trip.at.toFixed())

  // Keyed process: state, timers, side outputs; process and onTimer both say what comes out.
  const watched = keyed.process('watch', {
    state: {
      trips: valueState<number>({ initial: () => 0 }),
      fares: listState<number>(),
      byAirport: mapState<string, Trip>(),
      longest: reducingState((a: number, b: number) => Math.max(a, b)),
    },
    sideOutputs: { alerts: sideOutput<{ readonly zone: string }>() },
    open: (context) => context.metrics.counter('seen'),
    process(trip, ctx, seen) {
      seen.add()
      const before = ctx.state.trips.value() ?? 0
      ctx.state.trips.update(before + 1)
      ctx.state.fares.add(trip.fare)
      ctx.state.longest.add(trip.fare)
      if (trip.airport) ctx.state.byAirport.put(trip.airport, trip)
      ctx.timers.registerEventTime(ctx.timestamp + hours(1).ms)
      ctx.sideOutputs.alerts.emit({ zone: ctx.key })
      return before > 3 ? [before] : undefined
    },
    *onTimer(timer, ctx) {
      yield { key: ctx.key, time: timer.time, at: timer.timestamp }
    },
  })
  yes<Same<ValueOf<typeof watched>, number | { key: string; time: 'event' | 'processing'; at: number }>>()
  yes<Same<typeof watched.alerts, Stream<{ readonly zone: string }>>>()
  const silent = keyed.process('silent', { process() {} })
  yes<Same<ValueOf<typeof silent>, never>>()

  // Windows: rows of key, window and results; late records keep their type.
  const rows = keyed
    .window(tumbling(hours(1)))
    .allowedLateness(minutes(5))
    .aggregate('per-cell', { pickups: count(), meanFare: mean((trip) => trip.fare) })
  yes<
    Same<
      ValueOf<typeof rows>,
      { readonly key: string; readonly window: TimeWindow; readonly pickups: number; readonly meanFare: number }
    >
  >()
  yes<Same<typeof rows.late, Stream<Trip>>>()
  const cells = rows.keyBy((row) => row.window.end).window(sliding(hours(2), hours(1)))
  cells.aggregate('sums', { all: sum((row) => row.pickups) }).to('sums', anySink)
  const longest = byTuple.window(session(minutes(10))).reduce('longest', (a, b) => (a.fare > b.fare ? a : b))
  yes<
    Same<
      ValueOf<typeof longest>,
      { readonly key: readonly [string, number]; readonly window: TimeWindow; readonly value: Trip }
    >
  >()
  const everything = keyed.window(global()).process('everything', {
    sideOutputs: { sizes: sideOutput<number>() },
    open: () => 2,
    *process(values, ctx, factor) {
      ctx.sideOutputs.sizes.emit(values.length)
      yield { zone: ctx.key, all: ctx.window satisfies GlobalWindow, size: values.length * factor }
    },
  })
  yes<Same<typeof everything.sizes, Stream<number>>>()
  everything.map((row) => row.size.toFixed())
  keyed.window(tumbling(hours(1))).process('list', (values, ctx) => values.map((trip) => trip.fare + ctx.window.end))
  keyed.reduce('running', (a, b) => (a.fare > b.fare ? a : b)).map((trip) => trip.fare)

  // A sink of a wider type takes a narrower stream; its callback needs no annotation where the type is known.
  trips.to('wide', anySink)
  rows.to(
    'narrow',
    sinkOf<{ readonly key: string }>((row) => row.key.length),
  )
  events.malformed.to(
    'malformed',
    sinkOf<DeadLetter>((letter) => letter.raw.length),
  )
})

const parameters = z.object({ top: z.number().default(10), zone: z.string().optional() })
export const withParameters = defineJob('with-parameters', { parameters, parallelism: 2 }, (job) => {
  yes<Same<typeof job.parameters.top, number>>()
  yes<Same<typeof job.parameters.zone, string | undefined>>()
  job.from('events', source, undefined, { parallelism: 1 }).to('all', anySink, { parallelism: 1 })
})
withParameters.build({ top: 3, zone: undefined })
