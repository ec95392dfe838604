import type { Origin } from '../origin.js'
import { isPromise } from '../promises.js'
import type { Output } from './operator.js'
import { promisedRow, requirePlainRows, restAtHand } from './promised-rows.js'
import { isAsynchronous, notIterable, returnedPromise, userError, type Where } from './user-error.js'

/**
 * Rows that one call of a user function gave and that are not all out yet. It keeps its place while the output is
 * full, so that a generator of any length takes no more memory than one row.
 */
export class Emission<R> {
  /** What gave the rows, for error messages. */
  call: string
  /** Of the batch whose record gave them. */
  #origin: Origin | undefined
  readonly #operatorId: string
  /** Arrays are read by index: no iterator, and no result object a row. */
  #rows: readonly R[] | undefined
  #next = 0
  #isChecked = false
  #isFirst = true
  #iterator: Iterator<R> | undefined
  #active = false

  constructor(operatorId: string, call: string) {
    this.#operatorId = operatorId
    this.call = call
  }

  get active(): boolean {
    return this.#active
  }

  /** Rows come of records of a batch from here on. */
  beginBatch(origin: Origin | undefined): void {
    this.#origin = origin
    this.#isFirst = true
  }

  /** @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE, USER_FUNCTION_RESULT_INVALID */
  start(result: unknown, position: number | undefined, timestamp: number): void {
    if (Array.isArray(result)) this.#rows = result
    else this.#iterator = this.#iteratorOf(result, position, timestamp)
    this.#next = 0
    this.#isChecked = false
    this.#active = true
  }

  /** Returns false when the output is full and rows are left. */
  drain(output: Output<R>, timestamp: number, position?: number): boolean {
    if (this.#rows !== undefined) {
      if (!this.#emitAll(this.#rows, output, timestamp, position)) return false
    } else if (this.#iterator !== undefined && !this.#iterate(this.#iterator, output, timestamp, position)) return false
    this.#rows = undefined
    this.#iterator = undefined
    this.#active = false
    return true
  }

  /** Lets a generator that was not finished run its `finally`. */
  abandon(): void {
    const iterator = this.#iterator
    this.#rows = undefined
    this.#iterator = undefined
    this.#active = false
    iterator?.return?.()
  }

  #emitAll(rows: readonly R[], output: Output<R>, timestamp: number, position: number | undefined): boolean {
    while (this.#next < rows.length) {
      if (output.full) {
        this.#checkRest(rows, timestamp, position)
        return false
      }
      // Within the length; a hole in the array is an undefined row, as when iterated.
      const row = rows[this.#next++] as R
      if (this.#isPromise(row)) throw promisedRow(rows.values(), row, this.#where(position, timestamp))
      output.emit(row, timestamp)
    }
    return true
  }

  /** As `isPromiseAmong`: thenables are looked for in the first row of a batch. */
  #isPromise(row: R): boolean {
    if (!this.#isFirst) return row instanceof Promise
    this.#isFirst = false
    return isPromise(row)
  }

  /** What waits for room may fail before its turn. */
  #checkRest(rows: readonly R[], timestamp: number, position: number | undefined): void {
    if (this.#isChecked) return
    this.#isChecked = true
    requirePlainRows(rows, this.#next, () => this.#where(position, timestamp))
  }

  #iterate(iterator: Iterator<R>, output: Output<R>, timestamp: number, position: number | undefined): boolean {
    let promised: unknown
    let rest: R[] | undefined
    try {
      while (!output.full) {
        const step = iterator.next()
        if (step.done) return true
        if (this.#isPromise(step.value)) {
          promised = step.value
          break
        }
        output.emit(step.value, timestamp)
      }
      if (promised === undefined) rest = restAtHand(iterator)
    } catch (thrown) {
      // It threw: it has ended, and must not be asked to return.
      this.#iterator = undefined
      this.#active = false
      throw userError(thrown, this.#where(position, timestamp))
    }
    // A generator gets to its `finally` where the operator is closed.
    if (promised !== undefined) throw promisedRow(iterator, promised, this.#where(position, timestamp))
    if (rest === undefined) return false
    this.#rows = rest
    this.#next = 0
    this.#iterator = undefined
    return this.#emitAll(rest, output, timestamp, position)
  }

  #iteratorOf(result: unknown, position: number | undefined, timestamp: number): Iterator<R> {
    if (isAsynchronous(result)) throw returnedPromise(result, this.#where(position, timestamp))
    const iterable = result as Partial<Iterable<R>> | null | undefined
    if (iterable === null || iterable === undefined || typeof iterable[Symbol.iterator] !== 'function') {
      throw notIterable(result, this.#where(position, timestamp))
    }
    try {
      return (iterable as Iterable<R>)[Symbol.iterator]()
    } catch (thrown) {
      throw userError(thrown, this.#where(position, timestamp))
    }
  }

  #where(position: number | undefined, timestamp: number): Where {
    return {
      operatorId: this.#operatorId,
      call: this.call,
      timestamp,
      ...(position === undefined ? {} : { position, origin: this.#origin }),
    }
  }
}
