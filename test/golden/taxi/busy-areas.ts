/*
 * Where the last thousand pickups lie dense, by plain code that compares every point with every other one. As results.ts,
 * it shares nothing with Tidemark and the example.
 */
import type { GoldenTrip } from './results.js'

export interface GoldenArea {
  readonly area: { readonly type: 'envelope'; readonly coordinates: readonly (readonly number[])[] }
  readonly pickups: number
  readonly pickups_per_km2: number
  readonly rank: number
  readonly timestamp: number
}

const TEN_MINUTES = 600_000
const WINDOW = 1000
const RADIUS_KM = 0.1
const LEAST = 15

interface Pickup {
  readonly time: number
  readonly north: number
  readonly east: number
}

/** Trips that begin and end in New York. */
export function goldenBusyAreas(trips: Iterable<GoldenTrip>): GoldenArea[] {
  const pickups = [...trips]
    .map(
      ({ dropoffTime, pickupLatitude, pickupLongitude }): Pickup => ({
        time: dropoffTime,
        north: (pickupLatitude - 40.56) * 111.05,
        east: (pickupLongitude + 74.054) * 84.4,
      }),
    )
    .sort((a, b) => a.time - b.time || a.north - b.north || a.east - b.east)
  const ends = new Set(pickups.map(({ time }) => (Math.floor(time / TEN_MINUTES) + 1) * TEN_MINUTES))
  const areas: GoldenArea[] = []
  let before = 0
  for (const end of ends) {
    while (before < pickups.length && pickups[before]!.time < end) before++
    const groups = groupsOf(pickups.slice(Math.max(0, before - WINDOW), before))
    const boxes = groups.filter((group) => group.length >= LEAST).map(boxOf)
    boxes.sort(
      (a, b) => b.pickups - a.pickups || a.south - b.south || a.west - b.west || a.north - b.north || a.east - b.east,
    )
    for (const [index, { pickups: count, south, west, north, east }] of boxes.entries()) {
      const size = Math.max(north - south, RADIUS_KM) * Math.max(east - west, RADIUS_KM)
      areas.push({
        area: {
          type: 'envelope',
          coordinates: [
            [longitude(west), latitude(north)],
            [longitude(east), latitude(south)],
          ],
        },
        pickups: count,
        pickups_per_km2: count / size,
        rank: index + 1,
        timestamp: end,
      })
    }
  }
  return areas
}

const latitude = (north: number): number => Math.round((40.56 + north / 111.05) * 1e6) / 1e6
const longitude = (east: number): number => Math.round((-74.054 + east / 84.4) * 1e6) / 1e6

/** Joined wherever two are near each other. */
function groupsOf(pickups: readonly Pickup[]): Pickup[][] {
  const parents = pickups.map((_, index) => index)
  const rootOf = (index: number): number => {
    let root = index
    while (parents[root] !== root) root = parents[root]!
    parents[index] = root
    return root
  }
  for (let a = 0; a < pickups.length; a++) {
    for (let b = 0; b < a; b++) {
      const [dx, dy] = [pickups[a]!.east - pickups[b]!.east, pickups[a]!.north - pickups[b]!.north]
      if (dx * dx + dy * dy <= RADIUS_KM * RADIUS_KM) parents[rootOf(a)] = rootOf(b)
    }
  }
  const groups = new Map<number, Pickup[]>()
  for (const [index, pickup] of pickups.entries()) {
    const root = rootOf(index)
    groups.set(root, [...(groups.get(root) ?? []), pickup])
  }
  return [...groups.values()]
}

function boxOf(group: readonly Pickup[]) {
  const norths = group.map(({ north }) => north)
  const easts = group.map(({ east }) => east)
  return {
    pickups: group.length,
    south: Math.min(...norths),
    north: Math.max(...norths),
    west: Math.min(...easts),
    east: Math.max(...easts),
  }
}
