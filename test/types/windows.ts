/* Types of windows and their triggers: what has to compile without an annotation, and what must not. */
import {
  afterCount,
  count,
  counted,
  type Evictor,
  eachRecord,
  every,
  hours,
  keepLast,
  keepNear,
  keepWithin,
  minutes,
  onTime,
  purging,
  type Stream,
  session,
  sideOutput,
  type Trigger,
  tumbling,
  valueState,
} from '../../core/index.js'

declare const fares: Stream<{ readonly zone: string; readonly cents: number }>
declare const ofCents: Trigger<{ readonly cents: number }>
declare const ofNames: Trigger<{ readonly name: string }>

export function triggers(): void {
  const windows = fares.keyBy((fare) => fare.zone).window(tumbling(hours(1)))
  windows
    .trigger(
      onTime()
        .early(every(minutes(1)))
        .late(eachRecord()),
    )
    .aggregate('a', { n: count() })
  windows.trigger(purging(onTime().early(ofCents).late(afterCount(3)))).aggregate('b', { n: count() })
  // @ts-expect-error a trigger of other records
  windows.trigger(onTime().early(ofNames))
  // @ts-expect-error an interval is a duration
  every(60_000)
  // @ts-expect-error a time that there is not
  every(minutes(1), { time: 'ingestion' })
  // @ts-expect-error not a trigger
  onTime().early(minutes(1))
}

export function gaps(): void {
  const keyed = fares.keyBy((fare) => fare.zone)
  keyed.window(session((fare) => minutes(fare.cents), { maxLength: hours(1) })).aggregate('a', { n: count() })
  // @ts-expect-error a gap is a duration
  keyed.window(session((fare) => fare.cents))
  // @ts-expect-error the record has no such field
  keyed.window(session((fare) => minutes(fare.length)))
}

export function counts(): void {
  const keyed = fares.keyBy((fare) => fare.zone)
  const rows = keyed.window(counted(100, { slide: 10, rest: 'drop' })).aggregate('a', { n: count() })
  rows.map((row) => row.window.end satisfies number)
  // @ts-expect-error a count is a number
  counted(minutes(1))
  // @ts-expect-error the slide is an option
  counted(100, 10)
  // @ts-expect-error what becomes of the rest is one of two
  counted(100, { rest: 'keep' })
}

export function evictors(): void {
  const windows = fares.keyBy((fare) => fare.zone).window(tumbling(hours(1)))
  windows.evict(keepLast(10)).aggregate('a', { n: count() })
  windows.evict(keepNear(100, (fare: { readonly cents: number }, last) => fare.cents - last.cents))
  const expensive: Evictor<{ readonly cents: number }> = {
    kind: 'expensive',
    before: (records) => records.filter(({ value }) => value.cents > 100),
  }
  windows.evict(expensive).process('b', (kept) => kept.map((fare) => fare.zone))
  const named: Evictor<{ readonly name: string }> = { kind: 'named', after: (records) => records }
  // @ts-expect-error an evictor of other records
  windows.evict(named)
  // @ts-expect-error a trigger is no evictor
  windows.evict(eachRecord())
  // @ts-expect-error a duration is not a number
  windows.evict(keepWithin(60_000))
  const wrong: Evictor<{ readonly cents: number }> = {
    kind: 'wrong',
    // @ts-expect-error what stays are records of the window
    before: () => [{ value: { cents: 1 }, timestamp: 0 }],
  }
  windows.evict(wrong)
}

export function functions(): void {
  const windows = fares.keyBy((fare) => fare.zone).window(tumbling(hours(1)))
  const rows = windows.aggregate('a', { n: count() }, ({ n }, { key, window }) => [{ zone: key, at: window.end, n }])
  rows.map((row) => row.n satisfies number)
  const watched = windows.process('b', {
    keyState: { total: valueState<number>() },
    windowState: { seen: valueState<boolean>() },
    sideOutputs: { first: sideOutput<string>() },
    process(all, { keyState, windowState, sideOutputs, key }) {
      keyState.total.update((keyState.total.value() ?? 0) + all.length)
      windowState.seen.update(true)
      sideOutputs.first.emit(key)
      // @ts-expect-error the state is of numbers
      keyState.total.update('many')
      // @ts-expect-error state of a window that is not declared
      windowState.total.update(1)
    },
  })
  watched.first.map((zone) => zone.length)
  // @ts-expect-error there is no such aggregate
  windows.aggregate('c', { n: count() }, ({ total }) => [total])
  // @ts-expect-error a function without declarations has no state
  windows.process('d', (_all, { keyState }) => [keyState.total])
}
