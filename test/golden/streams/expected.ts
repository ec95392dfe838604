import { choices } from '../taxi/seeded.js'
import { expectedFunctions } from './expected-functions.js'

/*
 * Two streams of events, and what the job has to write about them, by code that shares nothing with Tidemark. Nothing
 * comes late, so nothing depends on the order of arrival.
 */

export interface Event {
  readonly n: number
  readonly room: number
  readonly kind: 'high' | 'low' | 'other'
  readonly at: number
}

export interface Input {
  /** By split, nearly in order. */
  readonly many: readonly (readonly Event[])[]
  /** Over the same time, far fewer. */
  readonly few: readonly (readonly Event[])[]
}

export const START = Date.UTC(2026, 2, 1)
/** No event is out of order by more. */
export const DISORDER_MS = 60_000
export const DRIFT_MS = 240_000
export const WINDOW_MS = 600_000
export const AROUND_MS = 120_000
/** Subtasks of steps that say so themselves. */
export const COPIES = 2
export const PARTS = 3
const STEP_MS = 3000
const FEW = 5

export function makeInput(seed: number, count: number): Input {
  const random = choices(seed)
  const event = (n: number, index: number): Event => ({
    n,
    room: random.between(0, random.one([3, 40])),
    kind: random.one(['high', 'low', 'low', 'other']),
    at: START + index * STEP_MS - random.between(0, DISORDER_MS / 1000) * 1000,
  })
  const many: Event[][] = [[], [], []]
  const few: Event[][] = [[], []]
  for (let n = 0; n < count; n++) {
    many[random.between(0, many.length - 1)]?.push(event(n, n))
    if (n % FEW === 0) few[random.between(0, few.length - 1)]?.push(event(n, n))
  }
  return { many, few }
}

const linesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

/** Lines of each result, sorted. */
export function expectedResults({ many, few }: Input): Readonly<Record<string, readonly string[]>> {
  const all = many.flat()
  const others = few.flat()
  const numbers = (events: readonly Event[]) => linesOf(events.map(({ n }) => ({ n })))
  const kindOf = (wanted: string) => all.filter(({ kind }) => kind === wanted)
  return {
    rebalanced: numbers(all),
    rescaled: numbers(all),
    forwarded: numbers(all),
    replicated: linesOf(all.flatMap(({ n }) => Array.from({ length: COPIES }, (_, subtask) => ({ n, subtask })))),
    partitioned: linesOf(all.map(({ n, room }) => ({ n, subtask: room % PARTS }))),
    high: linesOf(countsOf(kindOf('high'))),
    low: numbers(kindOf('low')),
    rest: linesOf(countsOf(kindOf('other'))),
    functions: linesOf(expectedFunctions(all, others)),
    near: linesOf(
      all.flatMap(({ n, room, at }) =>
        others
          .filter((other) => other.room === room && Math.abs(other.at - at) <= AROUND_MS)
          .map((other) => ({ n, other: other.n })),
      ),
    ),
  }
}

function countsOf(events: readonly Event[]): readonly object[] {
  const counts = new Map<string, { readonly room: number; readonly end: number; events: number }>()
  for (const { room, at } of events) {
    const end = Math.floor(at / WINDOW_MS) * WINDOW_MS + WINDOW_MS
    const count = counts.get(`${room} ${end}`) ?? { room, end, events: 0 }
    count.events++
    counts.set(`${room} ${end}`, count)
  }
  return [...counts.values()]
}
