import { mapState, millis, minutes, tumbling, type ValueState, valueState } from 'tidemark'
import { byZone, type OperatorCase, type Step, Total, through, zonesOf } from './case.js'
import type { Ride } from './rides.js'

const NEAR_MS = 3000
const MINUTE = 60_000
const itself = (value: number): number => value

/** What two streams of rides do together. Where both sides only meet as they come, the sum does not depend on how. */
export function joinCases(rides: readonly Ride[], others: readonly Ride[]): OperatorCase[] {
  const of = (name: string, build: Step<number>['build'], plain: (total: Total) => void): OperatorCase => ({
    name,
    records: rides.length + others.length,
    engine: () => through({ rides, others }, { build, worth: itself }),
    plain: () => {
      const total = new Total()
      plain(total)
      return total
    },
  })
  return [
    of(
      'connect, state in common',
      (left, right) =>
        byZone(left)
          .connect(byZone(right()))
          .process('j', {
            state: { met: valueState<number>() },
            onLeft: (_ride, { state }) => [meet(state.met)],
            onRight: (_ride, { state }) => [meet(state.met)],
          }),
      (total) => {
        const zones = new Map<string, number>()
        for (const [index, ride] of rides.entries()) {
          for (const { zone } of [ride, others[index] as Ride]) {
            const met = (zones.get(zone) ?? 0) + 1
            zones.set(zone, met)
            total.add(met)
          }
        }
      },
    ),
    of(
      'interval join, 3 s around',
      (left, right) =>
        byZone(left)
          .intervalJoin(byZone(right()), { lower: { before: millis(NEAR_MS) }, upper: millis(NEAR_MS) })
          .process('j', (one, other) => [one.fare + 2 * other.fare]),
      (total) => near(rides, others, total),
    ),
    of(
      'window join, tumbling 1 min',
      (left, right) =>
        byZone(left)
          .join(byZone(right()))
          .window(tumbling(minutes(1)))
          .process('j', (one, other) => [one.fare + 2 * other.fare]),
      (total) => {
        for (const [own, its] of minutesOf(rides, others)) {
          for (const one of own) for (const other of its) total.add(one.fare + 2 * other.fare)
        }
      },
    ),
    of(
      'co-group, tumbling 1 min',
      (left, right) =>
        byZone(left)
          .coGroup(byZone(right()))
          .window(tumbling(minutes(1)))
          .process('j', (own, its) => [own.length + 2 * its.length]),
      (total) => {
        for (const [own, its] of minutesOf(rides, others)) total.add(own.length + 2 * its.length)
      },
    ),
    of(
      'temporal join',
      (left, right) =>
        byZone(left)
          .temporalJoin(byZone(right()))
          .process('j', (ride, version) => [ride.fare + 2 * (version?.fare ?? 0)]),
      (total) => {
        const newest = new Map<string, Ride>()
        let next = 0
        for (const ride of rides) {
          for (let other = others[next]; other !== undefined && other.at <= ride.at; other = others[++next]) {
            newest.set(other.zone, other)
          }
          total.add(ride.fare + 2 * (newest.get(ride.zone)?.fare ?? 0))
        }
      },
    ),
    of(
      'lookup against broadcast state',
      (left, right) =>
        left.connect(right().broadcast({ prices: mapState<string, number>() })).process('j', {
          onRecord: (ride, { broadcast }) => [broadcast.prices.get(ride.zone) ?? priceOf(ride)],
          onBroadcast: (ride, { broadcast }) => broadcast.prices.put(ride.zone, priceOf(ride)),
        }),
      (total) => {
        const prices = new Map<string, number>()
        for (const [index, ride] of rides.entries()) {
          const other = others[index] as Ride
          prices.set(other.zone, priceOf(other))
          total.add(prices.get(ride.zone) ?? priceOf(ride))
        }
      },
    ),
  ]
}

function meet(met: ValueState<number>): number {
  const times = (met.value() ?? 0) + 1
  met.update(times)
  return times
}

const priceOf = ({ zone }: Ride): number => zone.length

function near(rides: readonly Ride[], others: readonly Ride[], total: Total): void {
  const zones = zonesOf(others)
  for (const [zone, own] of zonesOf(rides)) {
    const right = zones.get(zone) ?? []
    let first = 0
    for (const ride of own) {
      while (first < right.length && (right[first] as Ride).at < ride.at - NEAR_MS) first++
      for (let at = first; at < right.length; at++) {
        const other = right[at] as Ride
        if (other.at > ride.at + NEAR_MS) break
        total.add(ride.fare + 2 * other.fare)
      }
    }
  }
}

function minutesOf(rides: readonly Ride[], others: readonly Ride[]): Iterable<readonly [Ride[], Ride[]]> {
  const windows = new Map<string, [Ride[], Ride[]]>()
  const add = (ride: Ride, side: 0 | 1): void => {
    const name = `${ride.zone} ${Math.floor(ride.at / MINUTE)}`
    let window = windows.get(name)
    if (window === undefined) {
      window = [[], []]
      windows.set(name, window)
    }
    window[side].push(ride)
  }
  for (const ride of rides) add(ride, 0)
  for (const ride of others) add(ride, 1)
  return windows.values()
}
