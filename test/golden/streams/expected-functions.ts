import type { Event } from './expected.js'
import { HEARERS, isDead, isPoison, isSkipped } from './function-rules.js'

/** What functions have to make of the events, by code that shares nothing with Tidemark, in any order. */
export function expectedFunctions(all: readonly Event[], few: readonly Event[]): object[] {
  const numbers = (of: string, isIn: (n: number) => boolean): object[] =>
    all.filter(({ n }) => isIn(n)).map(({ n }) => ({ of, n }))
  return [
    ...numbers('kept', (n) => !isSkipped(n)),
    ...numbers('tried', (n) => !isDead(n)),
    ...numbers('dead', isDead),
    ...numbers('poison', isPoison),
    ...numbers('odd', (n) => n % 2 === 1 && !isPoison(n)),
    ...numbers('noted', (n) => !isPoison(n)),
    ...numbers('held', () => true),
    ...numbers('asked', () => true),
    ...roomsIn(all.filter(({ n }) => !isPoison(n))),
    ...few.flatMap((_, index) => Array.from({ length: HEARERS }, () => ({ of: 'announced', seen: index + 1 }))),
  ]
}

/** Which event of a room is its first depends on how fast splits are read; that one is, does not. */
function roomsIn(events: readonly Event[]): object[] {
  const rooms = new Map<number, Map<string, number>>()
  const rows: object[] = []
  const seen = new Map<number, number>()
  for (const { room, kind } of events) {
    const kinds = rooms.get(room) ?? new Map<string, number>()
    rooms.set(room, kinds.set(kind, (kinds.get(kind) ?? 0) + 1))
    seen.set(room, (seen.get(room) ?? 0) + 1)
    rows.push({ of: 'seen', room, seen: seen.get(room) })
  }
  for (const [room, kinds] of rooms) rows.push({ of: 'kinds', room, kinds: [...kinds].sort() })
  return rows
}
