/* Types of windows over everything, of triggers, evictors and assigners: what must not compile. */
import {
  afterCount,
  count,
  counted,
  defineJob,
  eachRecord,
  eventTime,
  every,
  global,
  type KeyedStream,
  keepLast,
  keepNear,
  keepWithin,
  minutes,
  onTime,
  processingTime,
  purging,
  type Sink,
  type Source,
  type Stream,
  seconds,
  session,
  sliding,
  stagger,
  type TimeWindow,
  type Trigger,
  tumbling,
  type WindowedStream,
} from '../../core/index.js'
import { type Same, yes } from './same.js'

interface Trip {
  readonly cell: string
  readonly fare: number
}

declare const source: Source<Trip>
declare const anySink: Sink<unknown>

defineJob('windows-over-all', (job) => {
  const all = job.from('trips', source).windowAll(tumbling(minutes(1)))
  yes<Same<typeof all, WindowedStream<'all', Trip, TimeWindow>>>()
  const rows = all
    .trigger(
      onTime()
        .early(every(seconds(5)))
        .late(eachRecord()),
    )
    .aggregate('rows', { n: count() })
  rows.map((row) => row.key satisfies 'all').to('rows-out', anySink)
})

defineJob('windows-over-all-refused', (job) => {
  const trips: Stream<Trip> = job.from('trips', source)
  const keyed: KeyedStream<string, Trip> = trips.keyBy((trip) => trip.cell)

  // @ts-expect-error windows of which kind
  trips.windowAll()
  // @ts-expect-error a duration is no window
  trips.windowAll(minutes(1))
  // @ts-expect-error a stream with a key has window
  keyed.windowAll(tumbling(minutes(1)))
  // @ts-expect-error rows of a window before it is computed
  trips.windowAll(tumbling(minutes(1))).to('out', anySink)
  const rows = trips.windowAll(tumbling(minutes(1))).aggregate('a', { n: count() })
  // @ts-expect-error a stream of all records has one key, 'all'
  rows.filter((row) => row.key === 'A')
  // @ts-expect-error a gap of other records
  trips.windowAll(session((rate: { readonly gap: number }) => minutes(rate.gap)))
  // @ts-expect-error a window over all has one subtask, whatever is asked for
  trips.windowAll(tumbling(minutes(1)), { parallelism: 2 })
})

defineJob('triggers-refused', (job) => {
  const keyed = job.from('trips', source).keyBy((trip) => trip.cell)
  const windows = keyed.window(tumbling(minutes(1)))
  const joined = keyed.join(keyed).window(tumbling(minutes(1)))

  // @ts-expect-error an interval is needed
  every()
  // @ts-expect-error an interval has a unit
  every('1m')
  // @ts-expect-error an interval counts from the window, not from an offset
  every(minutes(1), { offset: seconds(5) })
  // @ts-expect-error the end of the window is known: early and late say the rest
  onTime(minutes(1))
  // @ts-expect-error a time that there is not
  onTime({ time: 'ingestion' })
  // @ts-expect-error what to fire late by is a trigger
  onTime().late('eachRecord')
  // @ts-expect-error the trigger itself, not what makes it
  onTime().early(eachRecord)
  // @ts-expect-error there is no third part
  onTime().onTime(eachRecord())
  // @ts-expect-error how many records
  afterCount()
  // @ts-expect-error a number of records is not a time
  afterCount(minutes(1))
  // @ts-expect-error no interval
  eventTime(minutes(1))
  // @ts-expect-error nor here
  processingTime(minutes(1))
  // @ts-expect-error purging is a property of another trigger
  purging(minutes(1))
  // @ts-expect-error the trigger itself, not what makes it
  windows.trigger(eachRecord)
  // @ts-expect-error a name is no trigger
  windows.trigger('eventTime')
  // @ts-expect-error an assigner is no trigger
  windows.trigger(tumbling(minutes(1)))
  // @ts-expect-error an evictor is no trigger
  windows.trigger(keepLast(3))
  // @ts-expect-error a join has no records of its own to take out
  joined.evict(keepLast(3))
  // @ts-expect-error lateness has a unit, also of a join
  joined.allowedLateness(60_000)
  // @ts-expect-error the trigger itself, also of a join
  joined.trigger(every)

  const always = { kind: 'mine', onEventTime: () => 'fire', onProcessingTime: () => 'fire' } as const
  // @ts-expect-error a trigger says what a record does
  windows.trigger(always)
  // @ts-expect-error a result that there is not
  windows.trigger({ ...always, onRecord: () => 'stop' })
  // @ts-expect-error a trigger does not wait
  windows.trigger({ ...always, onRecord: async () => 'fire' })
  // @ts-expect-error a trigger has a name for people
  void ({ onRecord: () => 'fire', onEventTime: () => 'fire', onProcessingTime: () => 'fire' } satisfies Trigger)
})

defineJob('assigners-refused', (job) => {
  const keyed = job.from('trips', source).keyBy((trip) => trip.cell)

  // @ts-expect-error a size is needed
  tumbling()
  // @ts-expect-error an offset has a unit
  tumbling(minutes(5), { offset: 60_000 })
  // @ts-expect-error a time that there is not
  tumbling(minutes(5), { time: 'wall' })
  // @ts-expect-error how far it slides
  sliding(minutes(5))
  // @ts-expect-error the slide is a duration
  sliding(minutes(5), 60_000)
  // @ts-expect-error a gap has a unit
  session(30)
  // @ts-expect-error a length has a unit
  session(minutes(30), { maxLength: 3600 })
  // @ts-expect-error a length is needed
  stagger()
  // @ts-expect-error windows of a key begin with its first record: there is no offset
  stagger(minutes(5), { offset: minutes(1) })
  // @ts-expect-error one window, without a size
  global(minutes(5))
  // @ts-expect-error a number of records
  counted()
  // @ts-expect-error a slide is a number of records
  counted(10, { slide: seconds(1) })
  // @ts-expect-error an assigner that is not made yet
  keyed.window(global)
  // @ts-expect-error a trigger is no assigner
  keyed.window(eachRecord())
  // @ts-expect-error how many
  keepLast()
  // @ts-expect-error a number is not a time
  keepLast(minutes(1))
  // @ts-expect-error before or after the function
  keepLast(3, { when: 'during' })
  // @ts-expect-error how long
  keepWithin(3)
  // @ts-expect-error from what
  keepNear({ distance: 3 })
})
