/* Types of streams: what has to compile without an annotation, and what must not. */
import {
  defineJob,
  explain,
  type Job,
  listState,
  mapState,
  minutes,
  purging,
  type Sink,
  type Source,
  type Stream,
  tumbling,
} from '../../core/index.js'
import { type Same, yes } from './same.js'

interface Trip {
  readonly type: 'trip'
  readonly fare: number
}
interface Marker {
  readonly type: 'marker'
  readonly at: number
}
interface Ping {
  readonly type: 'ping'
}

declare const source: Source<Trip | Marker | Ping>
declare const anySink: Sink<unknown>

defineJob('streams', (job) => {
  const events = job.from('events', source)
  const { trips, markers, rest } = events.split({
    trips: (event) => event.type === 'trip',
    markers: (event): event is Marker => event.type === 'marker',
  })
  yes<Same<typeof trips, Stream<Trip>>>()
  yes<Same<typeof markers, Stream<Marker>>>()
  yes<Same<typeof rest, Stream<Ping>>>()

  const byFare = trips.split({ dear: (trip) => trip.fare > 50, cheap: (trip) => trip.fare < 5 })
  yes<Same<typeof byFare.dear, Stream<Trip>>>()
  yes<Same<typeof byFare.rest, Stream<Trip>>>()
  const all = events.split({
    a: (event) => event.type === 'trip',
    b: (event) => event.type === 'marker' || event.type === 'ping',
  })
  yes<Same<typeof all.b, Stream<Marker | Ping>>>()
  yes<Same<typeof all.rest, Stream<never>>>()
  all.a.to('a', anySink)

  yes<Same<ReturnType<typeof trips.rebalance>, Stream<Trip>>>()
  trips.rebalance().rescale().replicate().forward().to('spread', anySink)
  trips.partitionBy(
    (trip) => trip.fare,
    (fare, subtasks) => Math.floor(fare) % subtasks,
  )
})

defineJob('streams-refused', (job) => {
  const events = job.from('events', source)
  const trips = events.filter((event) => event.type === 'trip')
  const keyed = trips.keyBy((trip) => trip.type)
  const windows = keyed.window(tumbling(minutes(1)))

  // @ts-expect-error 'rest' is what no branch takes
  events.split({ rest: (event) => event.type === 'trip' })
  // @ts-expect-error 'failed' has dead letters
  events.split({ failed: (event) => event.type === 'trip' })
  // @ts-expect-error predicates by name, not a list of them
  events.split([(event) => event.type === 'trip'])
  // @ts-expect-error a predicate says yes or no
  trips.split({ dear: (trip) => trip.fare })
  // @ts-expect-error a predicate that has to be waited for
  trips.split({ dear: async (trip) => trip.fare > 50 })
  // @ts-expect-error a property that the record does not have
  trips.split({ dear: (trip) => trip.nope > 50 })
  // @ts-expect-error a branch that there is not
  void trips.split({ dear: (trip) => trip.fare > 50 }).cheap
  // @ts-expect-error a branch has no key
  void trips.split({ dear: (trip) => trip.fare > 50 }).dear.reduce
  // @ts-expect-error branches have no id
  trips.split('by-fare', { dear: (trip) => trip.fare > 50 })
  // @ts-expect-error a keyed stream is split before its keyBy
  void keyed.split

  // @ts-expect-error the function of the subtask is missing
  trips.partitionBy((trip) => trip.fare)
  // @ts-expect-error the function has the key, not the record
  // biome-ignore format: the mark is for the whole call
  trips.partitionBy((trip) => trip.fare, (trip, subtasks) => trip.fare % subtasks)
  // @ts-expect-error a subtask is a number
  // biome-ignore format: the mark is for the whole call
  trips.partitionBy((trip) => trip.fare, (fare) => String(fare))
  // @ts-expect-error a subtask that has to be waited for
  // biome-ignore format: the mark is for the whole call
  trips.partitionBy((trip) => trip.fare, async (fare, subtasks) => fare % subtasks)
  // @ts-expect-error there is no state by key behind partitionBy
  // biome-ignore format: the mark is for the whole call
  void trips.partitionBy((trip) => trip.fare, (fare, subtasks) => fare % subtasks).reduce
  // @ts-expect-error how many subtasks is said by the step that reads
  trips.rebalance(4)
  // @ts-expect-error as for rescale
  trips.rescale({ parallelism: 4 })
  // @ts-expect-error and replicate
  trips.replicate(2)
  // @ts-expect-error and forward
  trips.forward({ parallelism: 1 })
  // @ts-expect-error a keyed stream goes where its keys are
  void keyed.rebalance
  // @ts-expect-error a keyed stream has one partitioning
  void keyed.partitionBy
  // @ts-expect-error a second key is chosen before the first: keys are those of the stream
  void keyed.keyBy

  // @ts-expect-error chaining is 'new' or 'never'
  trips.map((trip) => trip.fare, { chaining: 'off' })
  // @ts-expect-error chaining is no flag
  trips.process('a', (trip) => [trip], { chaining: false })
  // @ts-expect-error a parallelism is a number
  trips.map((trip) => trip.fare, { parallelism: '4' })
  // @ts-expect-error a step without state has a name, no id
  trips.map('fare', (trip) => trip.fare)
  // @ts-expect-error a stream cannot feed itself
  trips.iterate((stream: Stream<Trip>) => stream)

  // @ts-expect-error a step without its id
  trips.process((trip) => [trip])
  // @ts-expect-error a process function that has to be waited for
  trips.process('a', async (trip) => [trip])
  // @ts-expect-error one row is not rows
  trips.process('a', (trip) => trip.fare)
  // @ts-expect-error state of a key without a key
  trips.process('a', { state: { seen: listState<Trip>() }, process: (trip) => [trip] })
  // @ts-expect-error broadcast state by name
  trips.broadcast()
  // @ts-expect-error a state that is no declaration
  trips.broadcast({ rates: new Map<string, number>() })
  // @ts-expect-error what is broadcast is read beside other records only
  void trips.broadcast({ rates: mapState<string, number>() }).map
  // @ts-expect-error a sink is no stream
  trips.union(anySink)
  // @ts-expect-error the step has to take this stream
  trips.pipe((stream: Stream<string>) => stream)
  // @ts-expect-error and a keyed one
  keyed.pipe((stream: Stream<Trip>) => stream)
  // @ts-expect-error what to() gives is the end
  trips.to('a', anySink).map((trip) => trip)
  // @ts-expect-error malformed records are those of a source
  void trips.malformed

  // @ts-expect-error a reduction gives what it takes
  keyed.reduce('a', (sum, trip) => sum.fare + trip.fare)
  // @ts-expect-error a process function without its function
  keyed.process('a', { state: { seen: listState<Trip>() } })
  // @ts-expect-error a window has a size, which has a unit
  keyed.window(tumbling(60_000))
  // @ts-expect-error lateness has a unit
  windows.allowedLateness(5)
  // @ts-expect-error a trigger is no name
  windows.trigger('purging')
  // @ts-expect-error what it purges after is missing
  windows.trigger(purging())
  // @ts-expect-error a reduction of a window without its id
  windows.reduce((a: Trip, _b: Trip) => a)
  // @ts-expect-error a window's reduction gives what it takes
  windows.reduce('a', () => 3)
  // @ts-expect-error a window's values are those of the stream
  windows.process('a', (values: Iterable<string>) => [...values])

  // @ts-expect-error a source without its id
  job.from(source)
  // @ts-expect-error a sink where a source is wanted
  job.from('a', anySink)
})

// @ts-expect-error a job without its name
defineJob((job) => job.from('events', source).to('a', anySink))
// @ts-expect-error a graph that has to be waited for has no place
defineJob('a', { parameters: 3 }, () => {})

declare const job: Job
// @ts-expect-error a format that there is not
explain(job, { format: 'svg' })
