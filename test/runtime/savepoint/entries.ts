import type { KeyedEntry, SavepointReader } from 'tidemark/savepoint'
import { encode } from '../../../core/codec/index.js'

/** Comparable text of each entry of an operator, sorted. */
export async function entriesOf(savepoint: SavepointReader, operatorId: string, state?: string): Promise<string[]> {
  return (await collected(savepoint.keyedState(operatorId, state))).map(textOf).sort()
}

export async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** Equal for equal entries, bigints, dates and undefined among their parts. */
export function textOf(entry: KeyedEntry): string {
  const sorted = Object.entries(entry).sort(([left], [right]) => (left < right ? -1 : 1))
  return Buffer.from(encode(Object.fromEntries(sorted))).toString('latin1')
}
