import type { Results } from '../golden-job.js'
import { choices } from '../taxi/seeded.js'
import { expectedVisits } from './expected-visits.js'
import { type Mark, makeVisits, type Visit } from './visits.js'

/*
 * Events of carts, and what windows have to make of them, by code that shares nothing with Tidemark: all events of a cart in
 * the order in which they come, looked at as a whole. No event comes late. A cart's events are of one split, so that the order
 * in which they come is theirs. Visits, of which some are late, have files of their own.
 */

export interface Event {
  readonly id: number
  readonly cart: string
  readonly at: number
  readonly total: number
}

export interface Input {
  readonly events: readonly (readonly Event[])[]
  readonly visits: readonly (Visit | Mark)[]
}

const START = Date.UTC(2026, 2, 1)
/** No event is out of order by more. */
export const DISORDER_MS = 60_000
export const LENGTH_MS = 200_000
/** No two events are so far apart: all times are of ten milliseconds. */
export const GAP_MS = 90_005
export const WINDOW_MS = 600_000
export const RESULTS = ['chunks', 'running', 'stagger', 'sessions', 'early', 'last', 'state', 'visits', 'late'] as const

export const makeInput = (seed: number, count: number): Input => ({
  events: makeEvents(seed, count),
  visits: makeVisits(seed, Math.floor(count / 4)),
})

/** By split, nearly in order. */
function makeEvents(seed: number, count: number): readonly (readonly Event[])[] {
  const random = choices(seed)
  const splits: Event[][] = [[], [], []]
  for (let id = 0; id < count; id++) {
    const cart = random.between(0, random.one([4, 40]))
    const at = START + id * 3000 - 10 * random.between(0, DISORDER_MS / 10)
    splits[cart % splits.length]?.push({ id, cart: `cart-${cart}`, at, total: random.between(0, 99) })
  }
  return splits
}

const linesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()
const idsOf = (events: readonly Event[]): number[] => events.map(({ id }) => id)
const sumOf = (events: readonly Event[]): number => events.reduce((sum, { total }) => sum + total, 0)

/** Lines of each result, sorted. */
export function expectedResults({ events, visits }: Input, found: Results): Results {
  const carts = [...groupsOf(events.flat(), ({ cart }) => cart)]
  const ofCarts = (rowsOf: (events: readonly Event[]) => readonly object[]): string[] =>
    linesOf(carts.flatMap(([cart, events]) => rowsOf(events).map((row) => ({ cart, ...row }))))
  const { rows, maybe, late } = expectedVisits(visits)
  return {
    visits: withFound(linesOf(rows), linesOf(maybe), found['visits'] ?? []),
    late: linesOf(late),
    chunks: ofCarts((events) => chunksOf(events, 5).map((chunk) => ({ ids: idsOf(chunk) }))),
    running: ofCarts((events) =>
      events.flatMap((_, index) => {
        const isLast = index === events.length - 1
        if ((index + 1) % 2 !== 0 && !isLast) return []
        const from = Math.max(0, index + 1 - (index % 2 === 0 ? 5 : 6))
        const window = events.slice(from, index + 1)
        return [{ n: window.length, total: sumOf(window) }]
      }),
    ),
    stagger: ofCarts((events) => staggersOf(byTime(events)).map(([first, n]) => ({ start: first, n }))),
    sessions: ofCarts(sessionsOf),
    early: ofCarts((events) =>
      [...groupsOf(events, ({ at }) => Math.floor(at / WINDOW_MS))].flatMap(([window, own]) => [
        ...Array.from({ length: Math.floor(own.length / 4) }, (_, index) => 4 * (index + 1)).map((n) => ({
          end: (window + 1) * WINDOW_MS,
          n,
        })),
        { end: (window + 1) * WINDOW_MS, n: own.length },
      ]),
    ),
    last: ofCarts((events) =>
      events.flatMap((_, index) =>
        (index + 1) % 3 === 0 ? [{ ids: idsOf(events.slice(Math.max(0, index - 3), index + 1)) }] : [],
      ),
    ),
    state: ofCarts((events) => {
      let before = 0
      return [...groupsOf(byTime(events), ({ at }) => Math.floor(at / WINDOW_MS))].map(([window, own]) => {
        before += sumOf(own)
        return { end: (window + 1) * WINDOW_MS, soFar: before }
      })
    }),
  }
}

/** All that is sure, and of the rest what was found beside it. */
function withFound(sure: readonly string[], maybe: readonly string[], found: readonly string[]): string[] {
  const beside = new Map<string, number>()
  for (const line of found) beside.set(line, (beside.get(line) ?? 0) + 1)
  for (const line of sure) beside.set(line, (beside.get(line) ?? 0) - 1)
  const more = maybe.filter((line) => {
    const left = beside.get(line) ?? 0
    beside.set(line, left - 1)
    return left > 0
  })
  return [...sure, ...more].sort()
}

function chunksOf(events: readonly Event[], size: number): Event[][] {
  return Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
    events.slice(index * size, (index + 1) * size),
  )
}

function byTime(events: readonly Event[]): Event[] {
  return [...events].sort((one, other) => one.at - other.at)
}

function staggersOf(events: readonly Event[]): [first: number, n: number][] {
  const windows: [number, number][] = []
  for (const { at } of events) {
    const open = windows.at(-1)
    if (open !== undefined && at < open[0] + LENGTH_MS) open[1]++
    else windows.push([at, 1])
  }
  return windows
}

interface Session {
  start: number
  end: number
  n: number
  /** Since it last fired. */
  waiting: number
  fired: [start: number, end: number][]
}

/** Fires with each third record, and in the end. */
function sessionsOf(events: readonly Event[]): object[] {
  const rows: object[] = []
  const fire = (session: Session): void => {
    const replaces = session.fired.filter(([start, end]) => start !== session.start || end !== session.end)
    rows.push({ start: session.start, end: session.end, n: session.n, replaces })
    session.fired = [[session.start, session.end]]
    session.waiting = 0
  }
  let open: Session[] = []
  for (const { at } of events) {
    const touched = open.filter(({ start, end }) => start <= at + GAP_MS && end >= at)
    const session: Session = {
      start: Math.min(at, ...touched.map(({ start }) => start)),
      end: Math.max(at + GAP_MS, ...touched.map(({ end }) => end)),
      n: touched.reduce((sum, { n }) => sum + n, 1),
      waiting: touched.reduce((sum, { waiting }) => sum + waiting, 1),
      fired: touched.sort((one, other) => one.start - other.start).flatMap(({ fired }) => fired),
    }
    open = [...open.filter((one) => !touched.includes(one)), session]
    if (session.waiting >= 3) fire(session)
  }
  for (const session of open) fire(session)
  return rows
}

function groupsOf<K>(events: readonly Event[], keyOf: (event: Event) => K): Map<K, Event[]> {
  const groups = new Map<K, Event[]>()
  for (const event of events) groups.set(keyOf(event), [...(groups.get(keyOf(event)) ?? []), event])
  return groups
}
