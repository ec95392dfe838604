import { GIVEN_UP } from '../operators/guard/call-guard.js'
import { isAsynchronous, returnedPromise, userError } from '../operators/user-error.js'
import type { RowInHand } from '../operators/window/index.js'
import type { Aggregate } from '../window/aggregate.js'

/**
 * With an error policy: a record at which the reducer throws is given up, and what was reduced so far stays. Only for
 * windows that never merge, where what is on the right is always a record.
 */
export function guardedReducing<T>(
  operatorId: string,
  fn: (left: T, right: T) => T,
  rowInHand: RowInHand,
): Aggregate<T, T[], T> {
  const plain = reducing(operatorId, fn)
  return Object.freeze({
    ...plain,
    add(reduced: T[], value: T, timestamp: number) {
      const call = (): T[] => {
        try {
          return plain.add(reduced, value, timestamp)
        } catch (thrown) {
          throw userError(thrown, { operatorId, call: 'reduce', timestamp })
        }
      }
      const { guard, origin, position } = rowInHand
      const subject = { value, timestamp, origin, isRecord: true, ...(position === undefined ? {} : { position }) }
      const added = guard === undefined ? call() : guard.attempt(call, () => subject)
      return added === GIVEN_UP ? reduced : added
    },
  })
}

/** The accumulator is a list of at most one value, so that any value, undefined too, can be told from none. */
export function reducing<T>(operatorId: string, fn: (left: T, right: T) => T): Aggregate<T, T[], T> {
  const call = (left: T, right: T): T => {
    const reduced = fn(left, right)
    if (isAsynchronous(reduced)) throw returnedPromise(reduced, { operatorId, call: 'reduce' })
    return reduced
  }
  return Object.freeze({
    kind: 'reduce',
    create: () => [],
    add(reduced: T[], value: T) {
      // With one element the first is a T, undefined or not.
      reduced[0] = reduced.length === 0 ? value : call(reduced[0] as T, value)
      return reduced
    },
    merge(left: T[], right: T[]) {
      if (right.length > 0) left[0] = left.length === 0 ? (right[0] as T) : call(left[0] as T, right[0] as T)
      return left
    },
    // A window that fires has a value.
    result: (reduced: T[]) => reduced[0] as T,
  })
}
