/*
 * What must not compile. Each mark is an error itself when the line below it has none: `npm run check` is the test.
 */
import { z } from 'zod'
import {
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  mean,
  minutes,
  type Sink,
  type Source,
  type Stream,
  seconds,
  sideOutput,
  sliding,
  tumbling,
  valueState,
} from '../../core/index.js'

interface Trip {
  readonly type: 'trip'
  readonly pickup: { readonly lat: number }
  readonly cell: string
  readonly fare: number
  readonly airport?: string
}

declare const source: Source<Trip | { readonly type: 'marker' }>
declare const numberSink: Sink<number>

defineJob('must-not-compile', (job) => {
  const events = job.from('events', source)
  const trips = events.filter((event) => event.type === 'trip')
  const keyed = trips.keyBy((trip) => trip.cell)
  const windows = keyed.window(sliding(minutes(2), minutes(1)))

  // @ts-expect-error a window on an unkeyed stream
  trips.window(tumbling(hours(1)))
  // @ts-expect-error an aggregate without a window
  keyed.aggregate('a', { n: count() })
  // @ts-expect-error rows of a window before it is aggregated
  windows.to('a', numberSink)

  // @ts-expect-error an object as a key
  trips.keyBy((trip) => trip.pickup)
  // @ts-expect-error a function as a key
  trips.keyBy((trip) => () => trip.fare)
  // @ts-expect-error a symbol as a key
  trips.keyBy(() => Symbol('key'))
  // @ts-expect-error a key that may be missing
  trips.keyBy((trip) => trip.airport)
  // @ts-expect-error null as a key
  trips.keyBy(() => null)
  // @ts-expect-error a nested tuple as a key
  trips.keyBy((trip) => [trip.cell, [trip.fare]])
  // @ts-expect-error a promise as a key
  trips.keyBy(async (trip) => trip.cell)
  // @ts-expect-error a field that does not exist
  trips.keyBy((trip) => trip.nope)

  // @ts-expect-error a field of the part of the union that is filtered out, before the filter
  events.map((event) => event.fare)
  // @ts-expect-error an asynchronous predicate
  trips.filter(async (trip) => trip.fare > 3)
  // @ts-expect-error flatMap of what cannot be iterated
  trips.flatMap((trip) => trip.fare)
  // @ts-expect-error flatMap of an async generator
  trips.flatMap(async function* (trip) {
    yield trip.fare
  })
  // @ts-expect-error an object without the function
  trips.map({ open: () => 3 })
  // @ts-expect-error a stateful step without its id
  keyed.reduce((a: Trip, _b: Trip) => a)
  // @ts-expect-error a sink without its id
  trips.map((trip) => trip.fare).to(numberSink)
  // @ts-expect-error a sink of other values
  trips.to('a', numberSink)
  // @ts-expect-error a keyed stream in a union
  trips.union(keyed)

  // @ts-expect-error a field that is not a number
  windows.aggregate('a', { m: mean((trip) => trip.cell) })
  // @ts-expect-error a field that does not exist
  windows.aggregate('a', { m: mean((trip) => trip.nope) })
  // @ts-expect-error a name that the row has already
  windows.aggregate('a', { key: count() })
  // @ts-expect-error something that is no aggregate
  windows.aggregate('a', { n: 3 })
  // @ts-expect-error a result that does not exist
  windows.aggregate('a', { n: count() }).map((row) => row.m)
  // @ts-expect-error a side output that is not declared
  void windows.aggregate('a', { n: count() }).early

  keyed.process('a', {
    state: { n: valueState<number>() },
    sideOutputs: { alerts: sideOutput<string>() },
    process(_trip, ctx) {
      // @ts-expect-error state that is not declared
      void ctx.state.m
      // @ts-expect-error a value of another type
      ctx.state.n.update('3')
      // @ts-expect-error a value of another type
      ctx.sideOutputs.alerts.emit(3)
      // @ts-expect-error the key is a string
      ctx.key.toFixed()
    },
  })
  trips.process('b', {
    process(_trip, ctx) {
      // @ts-expect-error state without a key
      void ctx.state
      // @ts-expect-error timers without a key
      void ctx.timers
    },
  })
  keyed.process('c', {
    state: { n: valueState<{ list: number[] }>() },
    process(_trip, ctx) {
      const value = ctx.state.n.value()
      // @ts-expect-error what value() gives is read-only
      if (value) value.list = []
    },
  })

  // @ts-expect-error a strategy for other values
  job.from('other', source, boundedOutOfOrderness({ timestamp: (n: number) => n, maxDelay: seconds(1) }))
  // @ts-expect-error not a stream of strings
  const strings: Stream<string> = trips
  void strings
  // @ts-expect-error a job without parameters
  void job.parameters.top
})

// @ts-expect-error a parameter that the schema does not have
defineJob('parameters', { parameters: z.object({ top: z.number() }) }, (job) => job.parameters.nope)
// @ts-expect-error parameters of another type
defineJob('parameters', { parameters: z.object({ top: z.number() }) }, () => {}).build({ top: '3' })
