import { count, minutes, seconds, tumbling } from 'tidemark'
import {
  absence,
  deduplicate,
  hotspots,
  rateOfChange,
  sequence,
  sessionFeatures,
  topPerWindow,
} from 'tidemark/patterns'
import { byZone, type OperatorCase, type Step, since, Total, through } from './case.js'
import type { Ride } from './rides.js'

const MINUTE = 60_000
const WITHIN_MS = 2000
const TOP = 3
const isCheap = (ride: Ride): boolean => ride.fare < 10
const isDear = (ride: Ride): boolean => ride.fare >= 40

const HOTSPOTS = { windowSize: 50, scanRadius: 2, minimumPoints: 3 }
const eastOf = (ride: Ride): number => ride.fare
const northOf = (ride: Ride): number => since(ride.at) % 50

/** The loops by hand have the rides in order, and so need not wait for any: the operators do. */
export function patternCases(rides: readonly Ride[]): OperatorCase[] {
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
  return [
    of(
      'deduplicate, 2 s',
      {
        build: (stream) => byZone(stream).pipe(deduplicate('p', { within: seconds(2) })),
        worth: ({ at }) => since(at),
      },
      (total) => {
        const passed = new Map<string, number>()
        for (const { zone, at } of rides) {
          if (at - (passed.get(zone) ?? Number.NEGATIVE_INFINITY) < WITHIN_MS) continue
          passed.set(zone, at)
          total.add(since(at))
        }
      },
    ),
    of(
      'topPerWindow, 3 of 1 min (with the counting)',
      {
        build: (stream) =>
          byZone(stream)
            .window(tumbling(minutes(1)))
            .aggregate('w', { rides: count() })
            .pipe(topPerWindow('p', { n: TOP, by: (row) => row.rides })),
        worth: (row) => row.rides * row.rank,
      },
      (total) => top(rides, total),
    ),
    of(
      'rateOfChange',
      {
        build: (stream) => byZone(stream).pipe(rateOfChange('p', { of: (ride) => ride.fare })),
        worth: (row) => row.difference + row.elapsedMs,
      },
      (total) => {
        const last = new Map<string, Ride>()
        for (const ride of rides) {
          const before = last.get(ride.zone)
          last.set(ride.zone, ride)
          if (before !== undefined) total.add(ride.fare - before.fare + ride.at - before.at)
        }
      },
    ),
    of(
      'sessionFeatures, gap 2 s',
      {
        build: (stream) => byZone(stream).pipe(sessionFeatures('p', { gap: seconds(2) })),
        worth: (row) => row.count + since(row.endedAt),
      },
      (total) => gaps(rides, (amount, lastAt) => total.add(amount + since(lastAt))),
    ),
    of(
      'absence, 2 s',
      {
        build: (stream) => byZone(stream).pipe(absence('p', { within: seconds(2) })),
        worth: (row) => since(row.lastAt),
      },
      (total) => gaps(rides, (_amount, lastAt) => total.add(since(lastAt))),
    ),
    of(
      'sequence, A then B within 2 s',
      {
        build: (stream) =>
          byZone(stream).pipe(
            sequence('p', {
              pattern: (p) => p.begin('cheap', isCheap).followedBy('dear', isDear),
              within: seconds(2),
            }),
          ),
        worth: ({ captures: { cheap, dear } }) => since(cheap.at) + since(dear.at),
      },
      (total) => {
        const open = new Map<string, number[]>()
        for (const ride of rides) {
          const begun = (open.get(ride.zone) ?? []).filter((at) => at + WITHIN_MS > ride.at)
          open.set(ride.zone, begun)
          if (isCheap(ride)) begun.push(ride.at)
          if (!isDear(ride)) continue
          for (const at of begun.splice(0)) total.add(since(at) + since(ride.at))
        }
      },
    ),
    of(
      'hotspots of the last 50',
      {
        build: (stream) =>
          byZone(stream).pipe(hotspots('p', { dimensions: { east: eastOf, north: northOf }, ...HOTSPOTS })),
        worth: ({ hotspot }) => hotspot?.pointsCount ?? 0,
      },
      (total) => {
        const zones = new Map<string, Ride[]>()
        for (const ride of rides) {
          const window = zones.get(ride.zone) ?? []
          zones.set(ride.zone, window)
          window.push(ride)
          if (window.length > HOTSPOTS.windowSize) window.shift()
          const linked = linkedTo(ride, window)
          total.add(linked >= HOTSPOTS.minimumPoints ? linked : 0)
        }
      },
    ),
  ]
}

function top(rides: readonly Ride[], total: Total): void {
  const windows = new Map<number, Map<string, number>>()
  for (const { zone, at } of rides) {
    const window = Math.floor(at / MINUTE)
    const zones = windows.get(window) ?? new Map<string, number>()
    windows.set(window, zones)
    zones.set(zone, (zones.get(zone) ?? 0) + 1)
  }
  for (const zones of windows.values()) {
    const best = [...zones].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)).slice(0, TOP)
    for (const [place, [, amount]] of best.entries()) total.add(amount * (place + 1))
  }
}

/** Called each time that a zone has nothing for longer, and for each in the end. */
function gaps(rides: readonly Ride[], close: (amount: number, lastAt: number) => void): void {
  const zones = new Map<string, { amount: number; lastAt: number }>()
  for (const { zone, at } of rides) {
    const open = zones.get(zone)
    if (open !== undefined && at <= open.lastAt + WITHIN_MS) {
      open.amount++
      open.lastAt = at
      continue
    }
    if (open !== undefined) close(open.amount, open.lastAt)
    zones.set(zone, { amount: 1, lastAt: at })
  }
  for (const { amount, lastAt } of zones.values()) close(amount, lastAt)
}

/** How many rides of the window are linked to this one, itself among them. */
function linkedTo(ride: Ride, window: readonly Ride[]): number {
  const rest = new Set(window)
  rest.delete(ride)
  const reached = [ride]
  for (const from of reached) {
    for (const other of rest) {
      if (Math.hypot(eastOf(from) - eastOf(other), northOf(from) - northOf(other)) > HOTSPOTS.scanRadius) continue
      rest.delete(other)
      reached.push(other)
    }
  }
  return reached.length
}
