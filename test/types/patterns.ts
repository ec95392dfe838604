/* Types of the patterns: what has to compile without an annotation, and what must not. */
import {
  count,
  type DeadLetter,
  defineJob,
  distinct,
  hours,
  type KeyedStream,
  minutes,
  type Source,
  type Stream,
  seconds,
  sum,
  type TimeWindow,
  tumbling,
} from 'tidemark'
import {
  type Absence,
  absence,
  type Change,
  deduplicate,
  hotspots,
  rateOfChange,
  sequence,
  sessionFeatures,
  topPerWindow,
  type UnfinishedSequence,
} from 'tidemark/patterns'
import { type Same, type ValueOf, yes } from './same.js'

interface Order {
  readonly type: 'order'
  readonly id: string
  readonly amount: number
}
interface Payment {
  readonly type: 'payment'
  readonly order: string
  readonly amount: number
}
type Event = Order | Payment
const isOrder = (event: Event): event is Order => event.type === 'order'

declare const events: Source<Event>

defineJob('patterns', (job) => {
  const stream = job.from('events', events)
  const keyed = stream.keyBy((event) => (event.type === 'order' ? event.id : event.order))

  const unique = keyed.pipe(deduplicate('unique', { within: hours(24), allowedLateness: minutes(5) }))
  yes<Same<ValueOf<typeof unique>, Event>>()
  yes<Same<typeof unique.duplicates, Stream<Event>>>()
  yes<Same<typeof unique.late, Stream<Event>>>()
  // @ts-expect-error the time is needed
  deduplicate('unique', {})
  // @ts-expect-error a number has no unit
  deduplicate('unique', { within: 5 })
  // @ts-expect-error a stream without a key
  stream.pipe(deduplicate('unique', { within: hours(1) }))

  const changes = keyed.pipe(rateOfChange('rate', { of: (event) => event.amount, per: hours(1) }))
  yes<Same<ValueOf<typeof changes>, Change<string, Event>>>()
  yes<Same<typeof changes.late, Stream<Event>>>()
  // @ts-expect-error not a number
  keyed.pipe(rateOfChange('rate', { of: (event) => event.type }))

  const silent = keyed.pipe(absence('silent', { within: minutes(10), time: 'event', atEndOfInput: 'ignore' }))
  yes<Same<ValueOf<typeof silent>, Absence<string, Event>>>()
  // @ts-expect-error no such clock
  absence('silent', { within: minutes(10), time: 'wall' })

  const visits = keyed.pipe(
    sessionFeatures('visits', {
      gap: minutes(30),
      features: { types: distinct((event) => event.type), total: sum((event) => event.amount) },
    }),
  )
  yes<Same<ValueOf<typeof visits>['total'], number>>()
  yes<Same<ValueOf<typeof visits>['count'], number>>()
  yes<Same<ValueOf<typeof visits>['key'], string>>()
  yes<Same<ValueOf<typeof visits>['window'], TimeWindow>>()
  yes<Same<ValueOf<typeof visits>['meanGapMs'], number | undefined>>()
  yes<Same<typeof visits.late, Stream<Event>>>()
  const plain = keyed.pipe(sessionFeatures('plain', { gap: minutes(30) }))
  yes<
    Same<
      ValueOf<typeof plain>,
      {
        readonly key: string
        readonly window: TimeWindow
        readonly count: number
        readonly startedAt: number
        readonly endedAt: number
        readonly durationMs: number
        readonly meanGapMs: number | undefined
      }
    >
  >()
  // @ts-expect-error the row has a field of this name already
  keyed.pipe(sessionFeatures('taken', { gap: minutes(30), features: { durationMs: count() } }))

  const totals = keyed.window(tumbling(hours(1))).aggregate('totals', { total: sum((event) => event.amount) })
  const top = totals.pipe(topPerWindow('top', { n: 10, by: (row) => row.total, per: (row) => row.key.slice(0, 1) }))
  yes<Same<ValueOf<typeof top>['rank'], number>>()
  yes<Same<ValueOf<typeof top>['total'], number>>()
  yes<Same<ValueOf<typeof top>['key'], string>>()
  yes<Same<ValueOf<typeof top.late>['total'], number>>()
  // @ts-expect-error no row of a window
  stream.pipe(topPerWindow('top', { n: 10, by: (event) => event.amount }))
  // @ts-expect-error the row's place has this name
  top.pipe(topPerWindow('again', { n: 10, by: (row) => row.total }))
  // @ts-expect-error not a number
  totals.pipe(topPerWindow('top', { n: 10, by: (row) => row.key }))

  const paid = keyed.pipe(
    sequence('paid', {
      pattern: (p) =>
        p
          .begin('order', isOrder)
          .notFollowedBy((event, { order }) => event.type === 'order' && event.id === order.id)
          .followedBy('payment', (event, captured) => {
            yes<Same<typeof captured, { readonly order: Order }>>()
            return event.amount === captured.order.amount
          })
          .next('other', (event, { payment }): event is Payment => event.type === 'payment' && payment === event),
      within: minutes(10),
      afterMatch: 'skipPastLastEvent',
    }),
  )
  yes<
    Same<ValueOf<typeof paid>['captures'], { readonly order: Order; readonly payment: Event; readonly other: Payment }>
  >()
  yes<Same<ValueOf<typeof paid>['key'], string>>()
  yes<Same<typeof paid.late, Stream<Event>>>()
  yes<
    Same<
      ValueOf<typeof paid.unfinished>,
      UnfinishedSequence<string, { readonly order: Order; readonly payment: Event; readonly other: Payment }>
    >
  >()
  const within = seconds(1)
  keyed.pipe(
    sequence('wrong', {
      within,
      // @ts-expect-error a step before it has this name
      pattern: (p) => p.begin('order', isOrder).followedBy('order', isOrder),
    }),
  )
  keyed.pipe(
    sequence('wrong', {
      within,
      // @ts-expect-error nothing has been captured under this name
      pattern: (p) => p.begin('order', isOrder).followedBy('payment', (_, { payment }) => payment),
    }),
  )
  // @ts-expect-error a pattern begins with begin
  keyed.pipe(sequence('wrong', { within, pattern: (p) => p.followedBy('order', isOrder) }))
  // @ts-expect-error a function that gives no pattern
  keyed.pipe(sequence('wrong', { within, pattern: () => undefined }))

  // What becomes of a record that a function cannot take.
  const onError = 'deadLetter'
  const found = [
    keyed.pipe(deduplicate('guarded-1', { within, onError })),
    keyed.pipe(rateOfChange('guarded-2', { of: (event) => event.amount, onError })),
    keyed.pipe(absence('guarded-3', { within, onError })),
    keyed.pipe(sessionFeatures('guarded-4', { gap: within, onError })),
    keyed.pipe(
      sequence('guarded-5', {
        within,
        pattern: (p) => p.begin('order', isOrder).followedBy('any', () => true),
        onError,
      }),
    ),
    keyed.pipe(
      hotspots('guarded-6', {
        dimensions: { x: (event: Event) => event.amount },
        windowSize: 10,
        scanRadius: 1,
        minimumPoints: 2,
        onError,
      }),
    ),
    totals.pipe(topPerWindow('guarded-7', { n: 10, by: (row) => row.total, onError: { retry: { attempts: 2 } } })),
  ] as const
  yes<Same<(typeof found)[number]['failed'], Stream<DeadLetter>>>()
  // @ts-expect-error a policy that there is not
  deduplicate('wrong', { within, onError: 'ignore' })
  // @ts-expect-error as elsewhere an attempt has an end
  rateOfChange('wrong', { of: (event: Event) => event.amount, onError: { retry: 3 } })

  // Steps that are shared between jobs: a function of a keyed stream.
  const alarms = (readings: KeyedStream<string, Event>) =>
    readings.pipe(deduplicate('once', { within })).keyBy((event) => event.type)
  yes<Same<ReturnType<typeof alarms>, KeyedStream<'order' | 'payment', Event>>>()
  alarms(keyed)
})
