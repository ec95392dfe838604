import { linkedTo, type ReferenceRegion, regionOfPoints, regionsOf } from '../../core/patterns/hotspots/reference.js'
import { choices } from '../taxi/seeded.js'

/*
 * Events of a shop's carts, and what the job has to write about them, by code that shares nothing with Tidemark: all
 * events of a cart, sorted, looked at as a whole. Nothing comes late, so nothing depends on the order of arrival.
 */

export interface Event {
  readonly id: string
  readonly cart: string
  readonly kind: 'add' | 'remove' | 'pay'
  readonly at: number
  readonly total: number
}

export const START = Date.UTC(2026, 2, 1)
/** No event is out of order by more. */
export const DISORDER_MS = 60_000
export const WITHIN_MS = 240_000
export const GAP_MS = 120_000
export const WINDOW_MS = 600_000
export const TOP = 3
export const HOTSPOTS = { windowSize: 20, scanRadius: 9, minimumPoints: 3 }
/** A point is a total and a time within such a period. */
export const PERIOD_MS = 60

/** By split, nearly in order. Events of a cart have a time each, but for copies, which come through another split. */
export function makeEvents(seed: number, count: number): readonly (readonly Event[])[] {
  const random = choices(seed)
  const splits: Event[][] = [[], [], []]
  const taken = new Set<string>()
  for (let index = 0; index < count; index++) {
    const cart = `cart-${random.between(0, random.one([4, 60]))}`
    let at = START + index * 3000 - random.between(0, DISORDER_MS)
    while (taken.has(`${cart} ${at}`)) at++
    taken.add(`${cart} ${at}`)
    const kind = random.one(['add', 'add', 'remove', 'pay'])
    const event: Event = { id: `event-${index}`, cart, kind, at, total: random.between(0, 99) }
    const split = random.between(0, splits.length - 1)
    splits[split]?.push(event)
    if (random.between(1, 4) === 1) splits[(split + 1) % splits.length]?.push(event)
  }
  return splits
}

export const linesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

/** Lines of each result, sorted. */
export function expectedResults(splits: readonly (readonly Event[])[]): Readonly<Record<string, readonly string[]>> {
  const copies = splits.flat()
  const all = [...new Map(copies.map((event) => [event.id, event])).values()]
  const carts = [...groupsOf(all, ({ cart }) => cart)].map(([cart, events]) => ({
    cart,
    events: events.sort((one, other) => one.at - other.at),
  }))
  return {
    unique: linesOf(all),
    rates: linesOf(
      carts.flatMap(({ cart, events }) =>
        events.slice(1).map(({ id, total, at }, index) => {
          const before = events[index] as Event
          return { cart, id, difference: total - before.total, elapsedMs: at - before.at }
        }),
      ),
    ),
    silent: linesOf(
      carts.flatMap(({ cart, events }) =>
        events
          .filter(({ at }, index) => (events[index + 1]?.at ?? Number.POSITIVE_INFINITY) > at + WITHIN_MS)
          .map(({ id, at }) => ({ cart, id, at: at + WITHIN_MS })),
      ),
    ),
    sessions: linesOf(carts.flatMap(({ cart, events }) => sessionsOf(events).map((session) => ({ cart, ...session })))),
    top: linesOf(
      [...groupsOf(all, ({ at }) => Math.floor(at / WINDOW_MS))].flatMap(([window, events]) =>
        [...groupsOf(events, ({ cart }) => cart)]
          .map(([cart, own]) => ({ cart, events: own.length }))
          .sort((one, other) => other.events - one.events || (one.cart < other.cart ? -1 : 1))
          .slice(0, TOP)
          .map((row, index) => ({ end: (window + 1) * WINDOW_MS, rank: index + 1, ...row })),
      ),
    ),
    paid: linesOf(carts.flatMap(({ cart, events }) => paidOf(events).map((match) => ({ cart, ...match })))),
    unpaid: linesOf(
      carts.flatMap(({ cart, events }) =>
        events
          .filter(({ kind, at }, index) => kind === 'add' && !isPaid(events.slice(index + 1), at + WITHIN_MS))
          .map(({ id, at }) => ({ cart, added: id, at: at + WITHIN_MS })),
      ),
    ),
    hot: linesOf(carts.flatMap(({ cart, events }) => hotIn(events).map((row) => ({ cart, ...row })))),
    busy: linesOf(carts.flatMap(({ cart, events }) => busyIn(events).map((row) => ({ cart, ...row })))),
    late: [],
  }
}

function groupsOf<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

function sessionsOf(events: readonly Event[]) {
  const sessions: { from: number; to: number; count: number }[] = []
  for (const { at } of events) {
    const open = sessions.at(-1)
    if (open === undefined || at > open.to + GAP_MS) sessions.push({ from: at, to: at, count: 1 })
    else {
      open.to = at
      open.count++
    }
  }
  return sessions
}

/** Each event that adds, up to the first payment behind it, unless something is removed before. */
function paidOf(events: readonly Event[]) {
  return events.flatMap(({ kind, id, at }, index) => {
    if (kind !== 'add') return []
    const end = events.slice(index + 1).find((event) => event.kind !== 'add')
    return end?.kind === 'pay' && end.at < at + WITHIN_MS ? [{ added: id, paid: end.id }] : []
  })
}

function isPaid(later: readonly Event[], until: number): boolean {
  return later.some(({ kind, at }) => kind === 'pay' && at < until)
}

const pointOf = ({ total, at }: Event): number[] => [total, at % PERIOD_MS]
const boxOf = ({ pointsCount, min, max }: ReferenceRegion) => ({ points: pointsCount, from: min, to: max })

/** Each event among the last ones up to it. */
function hotIn(events: readonly Event[]) {
  return events.map(({ id }, index) => {
    const points = events
      .slice(0, index + 1)
      .slice(-HOTSPOTS.windowSize)
      .map(pointOf)
    const linked = linkedTo(points.length - 1, points, HOTSPOTS.scanRadius).map((at) => points[at] as number[])
    const isHot = linked.length >= HOTSPOTS.minimumPoints
    return { id, ...(isHot ? boxOf(regionOfPoints(linked)) : { points: 0, from: [], to: [] }) }
  })
}

/** All that are hot at the end of each window that had an event. */
function busyIn(events: readonly Event[]) {
  const { windowSize, scanRadius: radius, minimumPoints } = HOTSPOTS
  const ends = new Set(events.map(({ at }) => (Math.floor(at / WINDOW_MS) + 1) * WINDOW_MS))
  return [...ends].flatMap((end) => {
    const points = events
      .filter(({ at }) => at < end)
      .slice(-windowSize)
      .map(pointOf)
    return regionsOf(points, { radius, minimumPoints }).map((region) => ({ end, ...boxOf(region) }))
  })
}
