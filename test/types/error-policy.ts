/* Types of what becomes of a record that a function cannot take: what has to compile, and what must not. */
import {
  count,
  type DeadLetter,
  defineJob,
  mapState,
  minutes,
  type Sink,
  type Source,
  type Stream,
  seconds,
  tumbling,
} from '../../core/index.js'
import { type Same, yes } from './same.js'

interface Trip {
  readonly cell: string
  readonly fare: number
}

declare const source: Source<Trip>
declare const anySink: Sink<unknown>

defineJob('error-policy', (job) => {
  const trips = job.from('trips', source)
  const fares = trips.map((trip) => trip.fare, { onError: 'deadLetter' })
  yes<Same<typeof fares, Stream<number>>>()
  yes<Same<typeof fares.failed, Stream<DeadLetter>>>()
  const retry = { attempts: 3, maxAge: seconds(1), otherwise: 'skip' } as const
  trips.filter((trip) => trip.fare > 3, { onError: { retry } }).to('filtered', anySink)
  trips.keyBy((trip) => trip.cell, { onError: 'skip' }).reduce('reduced', (a) => a, { onError: 'fail' })
})

defineJob('error-policy-refused', (job) => {
  const trips = job.from('trips', source)
  const keyed = trips.keyBy((trip) => trip.cell)
  const windows = keyed.window(tumbling(minutes(1)))
  const fare = (trip: Trip): number => trip.fare

  // @ts-expect-error a policy that there is not
  trips.map(fare, { onError: 'ignore' })
  // @ts-expect-error dead letters are one word
  trips.map(fare, { onError: 'deadLetters' })
  // @ts-expect-error a policy is said, not computed
  trips.map(fare, { onError: () => 'skip' })
  // @ts-expect-error retry says how often
  trips.map(fare, { onError: 'retry' })
  // @ts-expect-error as an object too
  trips.map(fare, { onError: { retry: {} } })
  // @ts-expect-error a number is not attempts
  trips.map(fare, { onError: { retry: 3 } })
  // @ts-expect-error an age has a unit
  trips.map(fare, { onError: { retry: { attempts: 3, maxAge: 1000 } } })
  // @ts-expect-error behind the last attempt comes an end
  trips.map(fare, { onError: { retry: { attempts: 3, otherwise: 'retry' } } })
  // @ts-expect-error attempts at once have no delay
  trips.map(fare, { onError: { retry: { attempts: 3, delay: seconds(1) } } })
  // @ts-expect-error what to do at the end stands within retry
  trips.map(fare, { onError: { retry: { attempts: 3 }, otherwise: 'skip' } })
  // @ts-expect-error the option has two words
  trips.flatMap((trip) => [trip.fare], { onerror: 'skip' })
  // @ts-expect-error a key has the same policies
  trips.keyBy((trip) => trip.cell, { onError: 'null' })
  // @ts-expect-error what goes to a sink is the sink's to refuse
  trips.to('out', anySink, { onError: 'skip' })
  // @ts-expect-error a broadcast is all or nothing
  trips.broadcast({ fares: mapState<string, number>() }, { onError: 'skip' })
  // @ts-expect-error a union calls no function
  trips.union(trips, { onError: 'skip' })
  // @ts-expect-error windows have the same policies
  windows.aggregate('a', { n: count() }, { onError: 'ignore' })
  // @ts-expect-error a window's records have been taken already
  void windows.failed
  // @ts-expect-error dead letters are no records
  trips.map(fare, { onError: 'deadLetter' }).failed.map((letter) => letter.fare)
  // @ts-expect-error a branch that would hide them
  trips.split({ failed: (trip) => trip.fare < 0 })
})
