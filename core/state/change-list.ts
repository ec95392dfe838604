import type { Tracked } from './leaf.js'

/** Whoever was changed in an interval, in order. On the heap that is an array. */
export interface ChangeList<T> {
  readonly length: number
  push(changed: T): unknown
  /** Those that are there, and those that are not as long as `deleted` is missing. What is pushed meanwhile may be passed over. */
  values(): Iterator<T>
  /** Those that were deleted, where they are kept apart. */
  deleted?(): Iterator<T>
}

/** Where lists of changes are. */
export interface ChangeLists<T> {
  create(): ChangeList<T>
  /** One of both, which are not used after it. Whoever has a later stamp than `through` is in the later one. */
  join(earlier: ChangeList<T>, later: ChangeList<T>, through: number): ChangeList<T>
  /** Without those that nobody needs. Absent: the list keeps nothing in memory. */
  without?(list: ChangeList<T>, isNeeded: (changed: T) => boolean): ChangeList<T>
  /** Nobody reads it any more. */
  release?(list: ChangeList<T>): void
}

/** References to what was changed: it stays in memory as long as it is listed. */
export class HeapChangeLists<T extends Tracked> implements ChangeLists<T> {
  create(): ChangeList<T> {
    return []
  }

  without(list: ChangeList<T>, isNeeded: (changed: T) => boolean): ChangeList<T> {
    const needed: T[] = []
    const all = list.values()
    for (let next = all.next(); next.done !== true; next = all.next()) if (isNeeded(next.value)) needed.push(next.value)
    return needed
  }

  join(earlier: ChangeList<T>, later: ChangeList<T>, through: number): ChangeList<T> {
    const joined: T[] = []
    const before = earlier.values()
    for (let next = before.next(); next.done !== true; next = before.next()) {
      // Else it would be listed, and written, as often as checkpoints are aborted.
      if (next.value.stamp <= through) joined.push(next.value)
    }
    const since = later.values()
    for (let next = since.next(); next.done !== true; next = since.next()) joined.push(next.value)
    return joined
  }
}
