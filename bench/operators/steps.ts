import { listState, mapState, valueState } from 'tidemark'
import { byZone, type OperatorCase, type Step, since, Total, through } from './case.js'
import type { Ride } from './rides.js'

/** What a service would be that answers at once: what is left is the waiting. */
const answer = (ride: Ride): Promise<number> => Promise.resolve(ride.fare)
const CAPACITY = 100
const TIMER_MS = 1000
const LIST = 10
const isCheap = (ride: Ride): boolean => ride.fare < 25
const itself = (value: number): number => value

/** Steps that look at one record at a time, without and with state of its key. */
export function stepCases(rides: readonly Ride[]): OperatorCase[] {
  const of = <R>(name: string, step: Step<R>, plain: (total: Total) => void | Promise<void>): OperatorCase => ({
    name,
    records: rides.length,
    engine: () => through({ rides }, step),
    plain: async () => {
      const total = new Total()
      const finished = plain(total)
      if (finished !== undefined) await finished
      return total
    },
  })
  return [
    of(
      'map',
      {
        build: (stream) => stream.map((ride) => ({ zone: ride.zone, cents: ride.fare * 100 })),
        worth: ({ cents }) => cents,
      },
      (total) => {
        for (const ride of rides) total.add({ zone: ride.zone, cents: ride.fare * 100 }.cents)
      },
    ),
    of('filter', { build: (stream) => stream.filter(isCheap), worth: ({ fare }) => fare }, (total) => {
      for (const ride of rides) if (isCheap(ride)) total.add(ride.fare)
    }),
    of(
      'flatMap, two rows each',
      { build: (stream) => stream.flatMap((ride) => [ride.fare, since(ride.at)]), worth: itself },
      (total) => {
        for (const ride of rides) for (const value of [ride.fare, since(ride.at)]) total.add(value)
      },
    ),
    of(
      'split in three',
      {
        build: (stream) => {
          const { cheap, odd, rest } = stream.split({ cheap: isCheap, odd: (ride) => ride.fare % 2 === 1 })
          return cheap.union(odd, rest)
        },
        worth: ({ fare }) => fare,
      },
      (total) => {
        const branches: [Ride[], Ride[], Ride[]] = [[], [], []]
        for (const ride of rides) branches[isCheap(ride) ? 0 : ride.fare % 2 === 1 ? 1 : 2].push(ride)
        for (const branch of branches) for (const ride of branch) total.add(ride.fare)
      },
    ),
    of(
      'process',
      { build: (stream) => stream.process('p', (ride, ctx) => [since(ctx.timestamp) + ride.fare]), worth: itself },
      (total) => {
        for (const ride of rides) total.add(since(ride.at) + ride.fare)
      },
    ),
    of(
      'keyed process, value state',
      {
        build: (stream) =>
          byZone(stream).process('p', {
            state: { fares: valueState<number>() },
            process(ride, { state }) {
              const fares = (state.fares.value() ?? 0) + ride.fare
              state.fares.update(fares)
              return [fares]
            },
          }),
        worth: itself,
      },
      (total) => runningFares(rides, total),
    ),
    of(
      'keyed process, map state',
      {
        build: (stream) =>
          byZone(stream).process('p', {
            state: { seen: mapState<number, number>() },
            process(ride, { state }) {
              const times = (state.seen.get(ride.fare) ?? 0) + 1
              state.seen.put(ride.fare, times)
              return [times]
            },
          }),
        worth: itself,
      },
      (total) => {
        const zones = new Map<string, Map<number, number>>()
        for (const { zone, fare } of rides) {
          let seen = zones.get(zone)
          if (seen === undefined) {
            seen = new Map()
            zones.set(zone, seen)
          }
          const times = (seen.get(fare) ?? 0) + 1
          seen.set(fare, times)
          total.add(times)
        }
      },
    ),
    of(
      `keyed process, list state of ${LIST}`,
      {
        build: (stream) =>
          byZone(stream).process('p', {
            state: { waiting: listState<number>() },
            process({ fare }, { state: { waiting } }) {
              waiting.add(fare)
              const fares = waiting.values()
              if (fares.length < LIST) return []
              waiting.clear()
              return [fares.reduce((a, b) => a + b, 0)]
            },
          }),
        worth: itself,
      },
      (total) => {
        const zones = new Map<string, number[]>()
        for (const { zone, fare } of rides) {
          const fares = zones.get(zone) ?? []
          zones.set(zone, fares)
          if (fares.push(fare) < LIST) continue
          total.add(fares.reduce((a, b) => a + b, 0))
          zones.delete(zone)
        }
      },
    ),
    of(
      'keyed process, a timer a record',
      {
        build: (stream) =>
          byZone(stream).process('p', {
            process: (ride, { timers }) => timers.registerEventTime(ride.at + TIMER_MS),
            onTimer: ({ timestamp }) => [since(timestamp)],
          }),
        worth: itself,
      },
      (total) => {
        const due: number[] = []
        let next = 0
        for (const { at } of rides) {
          for (; next < due.length && (due[next] as number) <= at; next++) total.add(since(due[next] as number))
          due.push(at + TIMER_MS)
        }
        for (; next < due.length; next++) total.add(since(due[next] as number))
      },
    ),
    of(
      'reduce',
      {
        build: (stream) => byZone(stream).reduce('p', (a, b) => ({ ...b, fare: a.fare + b.fare })),
        worth: ({ fare }) => fare,
      },
      (total) => runningFares(rides, total),
    ),
    ...[true, false].map((ordered) =>
      of(
        `mapAsync, answered at once${ordered ? '' : ', unordered'}`,
        { build: (stream) => stream.mapAsync('p', answer, { capacity: CAPACITY, ordered }), worth: itself },
        async (total) => {
          for (let from = 0; from < rides.length; from += CAPACITY) {
            const fares = await Promise.all(rides.slice(from, from + CAPACITY).map(answer))
            for (const fare of fares) total.add(fare)
          }
        },
      ),
    ),
  ]
}

function runningFares(rides: readonly Ride[], total: Total): void {
  const zones = new Map<string, number>()
  for (const { zone, fare } of rides) {
    const fares = (zones.get(zone) ?? 0) + fare
    zones.set(zone, fares)
    total.add(fares)
  }
}
