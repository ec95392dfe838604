import type { Aggregate } from '../../window/aggregate.js'
import type { WaitingForm } from '../window/contents.js'

/** All records of one key and window, by the side they came from, in order of arrival. */
export interface Both<T = unknown, U = unknown> {
  readonly left: T[]
  readonly right: U[]
}

/** What a window of two inputs keeps. Told which one the records in hand come by, so that no record in a window has to carry it. */
export class BothSides implements Aggregate<unknown, Both, Both>, WaitingForm {
  readonly kind = 'left and right'
  input = 0

  create(): Both {
    return { left: [], right: [] }
  }

  add(both: Both, value: unknown): Both {
    if (this.input === 0) both.left.push(value)
    else both.right.push(value)
    return both
  }

  keep(value: unknown): readonly [input: number, value: unknown] {
    return [this.input, value]
  }

  take(kept: unknown): unknown {
    // As `keep` gave it.
    const [input, value] = kept as readonly [input: number, value: unknown]
    this.input = input
    return value
  }

  merge(one: Both, other: Both): Both {
    for (const value of other.left) one.left.push(value)
    for (const value of other.right) one.right.push(value)
    return one
  }

  result(both: Both): Both {
    return both
  }
}
