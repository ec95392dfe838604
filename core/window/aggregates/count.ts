import type { Aggregate } from '../aggregate.js'

const COUNT: Aggregate<unknown, number, number> = Object.freeze({
  kind: 'count',
  create: () => 0,
  add: (count: number) => count + 1,
  merge: (left: number, right: number) => left + right,
  result: (count: number) => count,
  retract: (count: number) => count - 1,
})

/** How many values there are. */
export function count(): Aggregate<unknown, number, number> {
  return COUNT
}
