/* Types of streams: what has to compile without an annotation, and what must not. */
import { defineJob, type Sink, type Source, type Stream } from '../../core/index.js'

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
function yes<_T extends true>(): void {}

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
