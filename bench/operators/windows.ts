import {
  afterCount,
  count,
  counted,
  eachRecord,
  every,
  global,
  hours,
  keepLast,
  minutes,
  onTime,
  purging,
  seconds,
  session,
  sliding,
  stagger,
  sum,
  type TimeWindow,
  tumbling,
  type WindowAssigner,
} from 'tidemark'
import { byZone, type OperatorCase, type Step, since, Total, through, zonesOf } from './case.js'
import type { Ride } from './rides.js'

const HOUR = 3_600_000
const MINUTE = 60_000
const EARLY_MS = 20_000
const GAP_MS = 2000
const LONGEST_MS = 10_000
const COUNT = 100
const KEPT = 10

const totals = { rides: count(), fares: sum((ride: Ride) => ride.fare) }

interface Row {
  readonly rides: number
  readonly fares: number
  readonly window: TimeWindow
}

const worth = ({ rides, fares, window }: Row): number => rides + fares + since(window.end)

/** Counts and sums by zone and window. */
export function windowCases(rides: readonly Ride[]): OperatorCase[] {
  const of = <R>(name: string, step: Step<R>, plain: (total: Total) => void): OperatorCase => ({
    name,
    records: rides.length,
    engine: () => through({ rides }, step),
    plain: () => {
      const total = new Total()
      plain(total)
      return total
    },
  })
  const over = (assigner: WindowAssigner<Ride, TimeWindow>): Step<Row> => ({
    build: (stream) => byZone(stream).window(assigner).aggregate('w', totals),
    worth,
  })
  const minute = tumbling(minutes(1))
  return [
    of('tumbling 1 min', over(minute), (total) => aligned(rides, { size: MINUTE, slide: MINUTE }, total)),
    of(
      'tumbling 1 min, early every 20 s',
      {
        build: (stream) =>
          byZone(stream)
            .window(minute)
            .trigger(
              onTime()
                .early(every(seconds(20)))
                .late(eachRecord()),
            )
            .aggregate('w', totals),
        // How much an early result has depends on how far the source was.
        worth: ({ window }) => since(window.end),
      },
      (total) => early(rides, total),
    ),
    of('sliding 1 h / 1 min', over(sliding(hours(1), minutes(1))), (total) =>
      aligned(rides, { size: HOUR, slide: MINUTE }, total),
    ),
    of('session, gap 2 s', over(session(seconds(2))), (total) =>
      cut(
        rides,
        total,
        (open, at) => at <= open.last + GAP_MS,
        (open) => open.last + GAP_MS,
      ),
    ),
    of('session, gap 2 s, at most 10 s', over(session(seconds(2), { maxLength: seconds(10) })), (total) =>
      cut(
        rides,
        total,
        (open, at) => at < Math.min(open.last + GAP_MS, open.start + LONGEST_MS),
        (open) => Math.min(open.last + GAP_MS, open.start + LONGEST_MS),
      ),
    ),
    of('stagger 1 min', over(stagger(minutes(1))), (total) =>
      cut(
        rides,
        total,
        (open, at) => at < open.start + MINUTE,
        (open) => open.start + MINUTE,
      ),
    ),
    of('counted 100', over(counted(COUNT)), (total) =>
      inHundreds(rides, (own) => {
        // Its end is that of its last ride.
        total.add(own.length + fareOf(own) + since((own.at(-1) as Ride).at + 1))
      }),
    ),
    of(
      'global, after each 100, purging',
      {
        build: (stream) =>
          byZone(stream)
            .window(global())
            .trigger(purging(afterCount(COUNT)))
            .aggregate('w', totals),
        worth: (row) => row.rides + row.fares,
      },
      (total) =>
        inHundreds(rides, (own) => {
          if (own.length === COUNT) total.add(own.length + fareOf(own))
        }),
    ),
    of(
      'tumbling 1 min, process with all rides',
      {
        build: (stream) =>
          byZone(stream)
            .window(minute)
            .process('w', (own) => [fareOf(own)]),
        worth: (fare) => fare,
      },
      (total) => {
        for (const own of minutesOf(rides)) total.add(fareOf(own))
      },
    ),
    of(
      'tumbling 1 min, evict but the last 10',
      {
        build: (stream) =>
          byZone(stream)
            .window(minute)
            .evict(keepLast(KEPT))
            .process('w', (own) => [fareOf(own)]),
        worth: (fare) => fare,
      },
      (total) => {
        for (const own of minutesOf(rides)) total.add(fareOf(own.slice(-KEPT)))
      },
    ),
    of(
      'windowAll, tumbling 1 min',
      { build: (stream) => stream.windowAll(minute).aggregate('w', totals), worth },
      (total) => {
        const windows = new Map<number, Sums>()
        for (const ride of rides) add(windows, Math.floor(ride.at / MINUTE), ride)
        for (const [window, { rides: amount, fares }] of windows)
          total.add(amount + fares + since((window + 1) * MINUTE))
      },
    ),
  ]
}

interface Sums {
  rides: number
  fares: number
}

function add<N>(windows: Map<N, Sums>, name: N, ride: Ride): void {
  const sums = windows.get(name)
  if (sums === undefined) windows.set(name, { rides: 1, fares: ride.fare })
  else {
    sums.rides++
    sums.fares += ride.fare
  }
}

/** Each ride is added to every window that it is in, as one writes it by hand. */
function aligned(
  rides: readonly Ride[],
  { size, slide }: { readonly size: number; readonly slide: number },
  total: Total,
) {
  const windows = new Map<number, Map<string, Sums>>()
  for (const ride of rides) {
    for (let start = Math.floor(ride.at / slide) * slide; start > ride.at - size; start -= slide) {
      let zones = windows.get(start)
      if (zones === undefined) {
        zones = new Map()
        windows.set(start, zones)
      }
      add(zones, ride.zone, ride)
    }
  }
  for (const [start, zones] of windows) {
    for (const sums of zones.values()) total.add(sums.rides + sums.fares + since(start + size))
  }
}

/** What each minute has at 20 and 40 seconds, where a ride came since, and all of it in the end. */
function early(rides: readonly Ride[], total: Total): void {
  const windows = new Map<number, Map<string, Sums & { hasNews: boolean }>>()
  const fire = (end: number, zones: ReadonlyMap<string, Sums & { hasNews: boolean }>, isEnd: boolean): void => {
    for (const sums of zones.values()) {
      if (sums.hasNews || isEnd) total.add(since(end))
      sums.hasNews = false
    }
  }
  let part = 0
  const close = (until: number): void => {
    for (; part < until; part++) {
      const start = Math.floor((part * EARLY_MS) / MINUTE) * MINUTE
      const zones = windows.get(start)
      const isEnd = (part + 1) * EARLY_MS === start + MINUTE
      if (zones !== undefined) fire(start + MINUTE, zones, isEnd)
      if (isEnd) windows.delete(start)
    }
  }
  for (const ride of rides) {
    const of = Math.floor(ride.at / EARLY_MS)
    if (part === 0) part = of
    close(of)
    const start = Math.floor(ride.at / MINUTE) * MINUTE
    let zones = windows.get(start)
    if (zones === undefined) {
      zones = new Map()
      windows.set(start, zones)
    }
    const sums = zones.get(ride.zone)
    if (sums === undefined) zones.set(ride.zone, { rides: 1, fares: ride.fare, hasNews: true })
    else {
      sums.rides++
      sums.fares += ride.fare
      sums.hasNews = true
    }
  }
  // What is passed together with the end fires with it.
  for (const [start, zones] of windows) fire(start + MINUTE, zones, true)
}

interface Open extends Sums {
  readonly start: number
  last: number
}

/** One window of a zone at a time. */
function cut(
  rides: readonly Ride[],
  total: Total,
  takes: (open: Open, at: number) => boolean,
  endOf: (open: Open) => number,
): void {
  const zones = new Map<string, Open>()
  const close = (open: Open): void => total.add(open.rides + open.fares + since(endOf(open)))
  for (const { zone, at, fare } of rides) {
    const open = zones.get(zone)
    if (open !== undefined && takes(open, at)) {
      open.rides++
      open.fares += fare
      open.last = at
      continue
    }
    if (open !== undefined) close(open)
    zones.set(zone, { rides: 1, fares: fare, start: at, last: at })
  }
  for (const open of zones.values()) close(open)
}

/** Each hundred rides of a zone, and what is left of it. */
function inHundreds(rides: readonly Ride[], take: (own: readonly Ride[]) => void): void {
  for (const own of zonesOf(rides).values()) {
    for (let from = 0; from < own.length; from += COUNT) take(own.slice(from, from + COUNT))
  }
}

function minutesOf(rides: readonly Ride[]): Iterable<Ride[]> {
  const lists = new Map<string, Ride[]>()
  for (const ride of rides) {
    const name = `${ride.zone} ${Math.floor(ride.at / MINUTE)}`
    const list = lists.get(name)
    if (list === undefined) lists.set(name, [ride])
    else list.push(ride)
  }
  return lists.values()
}

function fareOf(rides: readonly Ride[]): number {
  let fare = 0
  for (const ride of rides) fare += ride.fare
  return fare
}
