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
  /** One of both, which are not used after it. */
  join(earlier: ChangeList<T>, later: ChangeList<T>): ChangeList<T>
  /** Nobody reads it any more. */
  release?(list: ChangeList<T>): void
}

/** References to what was changed: it stays in memory as long as it is listed. */
export class HeapChangeLists<T> implements ChangeLists<T> {
  create(): ChangeList<T> {
    return []
  }

  join(earlier: ChangeList<T>, later: ChangeList<T>): ChangeList<T> {
    const changes = later.values()
    for (let next = changes.next(); next.done !== true; next = changes.next()) earlier.push(next.value)
    return earlier
  }
}
