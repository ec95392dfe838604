/* Types of user functions, their contexts and options: what must not compile. */
import {
  aggregate,
  count,
  defineJob,
  distinct,
  explain,
  first,
  listOperatorState,
  listState,
  mapState,
  maxBy,
  minutes,
  planOf,
  quantile,
  reducingState,
  type Sink,
  type Source,
  seconds,
  sideOutput,
  sum,
  topN,
  tumbling,
  unionOperatorState,
  valueState,
} from '../../core/index.js'

interface Trip {
  readonly cell: string
  readonly fare: number
}

declare const source: Source<Trip>
declare const anySink: Sink<unknown>

defineJob('functions-refused', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)
  const windows = keyed.window(tumbling(minutes(1)))

  // @ts-expect-error a map without its function
  trips.map()
  // @ts-expect-error what open gives is what map gets
  trips.map({ open: () => 3, map: (trip, opened: string) => trip.cell + opened })
  // @ts-expect-error a life that there is not
  trips.map({ start: () => 3, map: (trip: Trip) => trip.cell })
  // @ts-expect-error a predicate says yes or no
  trips.filter((trip) => trip.cell)
  // @ts-expect-error the object's predicate as well
  trips.filter({ filter: (trip) => trip.fare })
  // @ts-expect-error one row is not rows
  trips.flatMap({ flatMap: (trip) => trip.fare })
  // @ts-expect-error a step without state has no id
  trips.flatMap('rows', (trip: Trip) => [trip])
  // @ts-expect-error a name is a text
  trips.map((trip) => trip.fare, { name: 3 })
  // @ts-expect-error an option that there is not
  trips.map((trip) => trip.fare, { maxParallelism: 3 })
  // @ts-expect-error a sink has an id, and no name
  trips.to('out', anySink, { name: 'out' })

  // @ts-expect-error a keyed step has an object, with its state
  keyed.process('a', (trip: Trip) => [trip])
  // @ts-expect-error state is declared
  keyed.process('a', { state: { last: 0 }, process: () => [] })
  // @ts-expect-error operator state has no key
  keyed.process('a', { operatorState: { all: unionOperatorState<Trip>() }, process: () => [] })
  // @ts-expect-error state of one subtask is not state of a key
  keyed.process('a', { state: { all: listOperatorState<Trip>() }, process: () => [] })
  // @ts-expect-error a side output is declared
  keyed.process('a', { sideOutputs: { alerts: 'alerts' }, process: () => [] })
  // @ts-expect-error timers fire rows, not one row
  keyed.process('a', { process: () => [], onTimer: (timer) => timer.timestamp })
  // @ts-expect-error a timer does not wait
  keyed.process('a', { process: () => [], onTimer: async () => [] })
  // @ts-expect-error the options are the third
  keyed.process('a', { process: () => [], parallelism: 3 })
  keyed.process('contexts', {
    state: { last: valueState<number>(), all: listState<string>(), by: mapState<string, number>() },
    sideOutputs: { alerts: sideOutput<string>() },
    process(trip, ctx) {
      // @ts-expect-error there may be no value yet
      ctx.state.last.value().toFixed()
      // @ts-expect-error a list is added to
      ctx.state.all.update('a')
      // @ts-expect-error a value of another type
      ctx.state.all.add(trip.fare)
      // @ts-expect-error a key of another type
      ctx.state.by.get(3)
      // @ts-expect-error an instant is a number
      ctx.timers.registerEventTime(new Date())
      // @ts-expect-error and a duration is none
      ctx.timers.registerProcessingTime(seconds(5))
      // @ts-expect-error a timer has a time: event or processing
      ctx.timers.register(3)
      // @ts-expect-error side outputs by name
      ctx.sideOutputs.warnings.emit('a')
      // @ts-expect-error the key is the stream's
      ctx.key = 'other'
      // @ts-expect-error time is not for the function to move
      ctx.watermark = 3
    },
    onTimer(timer, ctx) {
      // @ts-expect-error a time that there is not
      void (timer.time === 'ingestion')
      // @ts-expect-error a timer has no record
      void ctx.value
    },
  })
  // @ts-expect-error a side output that is not declared
  void keyed.process('a', { process: () => [] }).alerts
  // @ts-expect-error a reduction does not wait
  keyed.reduce('a', async (a) => a)
  // @ts-expect-error state that begins with another type
  valueState<number>({ initial: () => 'a' })
  // @ts-expect-error a reduction of state needs its function
  reducingState<number>()
  // @ts-expect-error keys of map state are plain
  mapState<{ readonly id: string }, number>()

  // @ts-expect-error a sum of what is no number
  windows.aggregate('a', { total: sum((trip) => trip.cell) })
  // @ts-expect-error count counts all: filter before it
  windows.aggregate('a', { n: count((trip: Trip) => trip.fare > 3) })
  // @ts-expect-error by a number
  windows.aggregate('a', { best: maxBy((trip) => trip.cell) })
  // @ts-expect-error which quantile
  windows.aggregate('a', { high: quantile((trip) => trip.fare) })
  // @ts-expect-error of which order
  windows.aggregate('a', { best: topN(3, (trip: Trip) => trip.fare) })
  // @ts-expect-error distinct what
  windows.aggregate('a', { cells: distinct() })
  // @ts-expect-error distinct objects are all of them
  windows.aggregate('a', { trips: distinct((trip) => trip) })
  // @ts-expect-error an aggregate that cannot begin
  aggregate<Trip, number, number>({ add: (sum, trip) => sum + trip.fare, merge: (a, b) => a + b, result: (a) => a })
  // @ts-expect-error the row has the window already
  windows.aggregate('a', { window: first() })
  // @ts-expect-error aggregates by name
  windows.aggregate('a', count())
  // @ts-expect-error no id
  windows.aggregate({ n: count() })
  // @ts-expect-error a window's rows are many
  windows.process('a', () => 3)
  // @ts-expect-error a window's function does not wait
  windows.process('a', async () => [3])
  // @ts-expect-error a row of a window has its end in the window
  windows.aggregate('a', { n: count() }).map((row) => row.end)
  // @ts-expect-error replaced windows are asked for
  windows.aggregate('a', { n: count() }).map((row) => row.replaces)
  // @ts-expect-error yes or no
  windows.aggregate('a', { n: count() }, { replaces: 'yes' })
})

defineJob('joins-refused', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)
  const joined = keyed.join(keyed).window(tumbling(minutes(1)))
  const bounds = { lower: seconds(0), upper: minutes(1) }

  // @ts-expect-error a join without bounds
  keyed.intervalJoin(keyed)
  // @ts-expect-error yes or no
  keyed.intervalJoin(keyed, { ...bounds, lowerExclusive: 'yes' })
  // @ts-expect-error an interval has no window
  void keyed.intervalJoin(keyed, bounds).window
  // @ts-expect-error a join without its id
  keyed.intervalJoin(keyed, bounds).process((a: Trip) => [a])
  // @ts-expect-error pairs of the two streams
  keyed.intervalJoin(keyed, bounds).process('a', (trip, other: string) => [trip.cell + other])
  // @ts-expect-error late records have a side
  void keyed.intervalJoin(keyed, bounds).process('a', () => [1]).late
  // @ts-expect-error the newest version has no bounds
  keyed.temporalJoin(keyed, bounds)
  // @ts-expect-error it does not wait
  keyed.temporalJoin(keyed).process('a', async (trip) => [trip])
  // @ts-expect-error windows of which kind
  keyed.join(keyed).window()
  // @ts-expect-error it does not wait
  joined.process('a', async (trip) => [trip])
  // @ts-expect-error a join has no reduction
  void joined.reduce
  // @ts-expect-error a stream without a key
  trips.join(trips)
  // @ts-expect-error co-grouping as well
  trips.coGroup(trips)
  // @ts-expect-error and versions
  trips.temporalJoin(keyed)
  // @ts-expect-error and two streams that share state
  trips.connect(trips)
  // @ts-expect-error both functions wait for nothing
  keyed.connect(keyed).process('a', { onLeft: async () => [], onRight: () => [] })
  // @ts-expect-error a union needs streams
  trips.union([trips])
})

// @ts-expect-error a job without its function
defineJob('a')
// @ts-expect-error a job does not wait
defineJob('a', { parallelism: '3' }, () => {})
// @ts-expect-error the bound on scaling is a number
defineJob('a', { maxParallelism: '128' }, () => {})
// @ts-expect-error the job itself
explain('a')
// @ts-expect-error a plan is of a graph, which build gives
planOf(defineJob('a', () => {}))
