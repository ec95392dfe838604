import type { MapState } from '../state/backend.js'
import { mapState } from '../state/declare.js'

/** Records of a key by their time, until it is their turn. The first of a time has a place of its own: few have others. */
export const bufferState = <T>() => ({
  first: mapState<number, T>(),
  /** How many others there are of a time. */
  ties: mapState<number, number>(),
  /** By time and number: adding one costs the same however many there are. */
  others: mapState<string, T>(),
})

interface Buffer<T> {
  readonly first: MapState<number, T>
  readonly ties: MapState<number, number>
  readonly others: MapState<string, T>
}

export function addTo<T>({ first, ties, others }: Buffer<T>, timestamp: number, record: T): void {
  if (!first.has(timestamp)) {
    first.put(timestamp, record)
    return
  }
  const number = ties.get(timestamp) ?? 0
  others.put(nameOf(timestamp, number), record)
  ties.put(timestamp, number + 1)
}

/** Those of a time, in the order in which they came. They are no longer there then. */
export function takeFrom<T>({ first, ties, others }: Buffer<T>, timestamp: number): readonly T[] {
  if (!first.has(timestamp)) return []
  // It is there, and what is stored is of the stream's type.
  const taken = [first.get(timestamp) as T]
  first.remove(timestamp)
  const count = ties.get(timestamp)
  if (count === undefined) return taken
  ties.remove(timestamp)
  for (let number = 0; number < count; number++) {
    const name = nameOf(timestamp, number)
    taken.push(others.get(name) as T)
    others.remove(name)
  }
  return taken
}

const nameOf = (timestamp: number, number: number): string => `${timestamp}/${number}`
