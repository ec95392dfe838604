/* Types of event time: what has to compile, and what must not. */
import {
  boundedOutOfOrderness,
  defineJob,
  type EventTimeOptions,
  markers,
  minutes,
  monotonous,
  noWatermarks,
  type Sink,
  type Source,
  seconds,
} from '../../core/index.js'

interface Trip {
  readonly at: number
  readonly until?: number
}

declare const source: Source<Trip>
declare const anySink: Sink<unknown>
declare const chosen: EventTimeOptions

defineJob('event-time', (job) => {
  const timestamp = (trip: Trip): number => trip.at
  const aligned = { maxDrift: minutes(5), alignmentGroup: 'rides' }
  job.from('a', source, boundedOutOfOrderness({ timestamp, maxDelay: seconds(10), ...aligned })).to('a-out', anySink)
  job.from('b', source, monotonous({ timestamp, ...aligned, idleAfter: false })).to('b-out', anySink)
  job.from('c', source, markers({ timestamp, watermark: (trip) => trip.until, ...aligned })).to('c-out', anySink)
  job.from('d', source, monotonous({ timestamp: (trip) => trip.at, maxDrift: false })).to('d-out', anySink)
  job.from('e', source, monotonous({ timestamp: (trip) => trip.at, ...chosen })).to('e-out', anySink)
})

defineJob('event-time-refused', () => {
  // @ts-expect-error a group of what may be any distance apart
  monotonous({ alignmentGroup: 'rides' })
  // @ts-expect-error as where it is turned off
  monotonous({ alignmentGroup: 'rides', maxDrift: false })
  // @ts-expect-error also beside a delay
  boundedOutOfOrderness({ maxDelay: seconds(10), alignmentGroup: 'rides' })
  // @ts-expect-error and with markers
  markers({ timestamp: (trip: Trip) => trip.at, watermark: (trip) => trip.until, alignmentGroup: 'rides' })
  // @ts-expect-error a group is a name
  monotonous({ maxDrift: minutes(5), alignmentGroup: true })
  // @ts-expect-error one group
  monotonous({ maxDrift: minutes(5), alignmentGroup: ['rides', 'drivers'] })
  // @ts-expect-error a distance has a unit
  monotonous({ maxDrift: 300_000 })
  // @ts-expect-error a distance for ever is none
  monotonous({ maxDrift: true })
  // @ts-expect-error without event time there is nothing to align
  noWatermarks({ maxDrift: minutes(5), alignmentGroup: 'rides' })
  // @ts-expect-error how far records are out of order is to be said
  boundedOutOfOrderness({ timestamp: (trip: Trip) => trip.at })
  // @ts-expect-error with a unit
  boundedOutOfOrderness({ maxDelay: 10_000 })
  // @ts-expect-error silence has a unit
  monotonous({ idleAfter: 60 })
  // @ts-expect-error and so has the future
  monotonous({ maxSkew: 60 })
  // @ts-expect-error a timestamp is a number
  monotonous({ timestamp: (trip: Trip) => new Date(trip.at) })
  // @ts-expect-error a timestamp that has to be waited for
  monotonous({ timestamp: async (trip: Trip) => trip.at })
  // @ts-expect-error what a marker promises is missing
  markers({ timestamp: (trip: Trip) => trip.at })
  // @ts-expect-error a marker needs no delay
  markers({ timestamp: (trip: Trip) => trip.at, watermark: (trip) => trip.until, maxDelay: seconds(10) })
})
