import { Batch } from '../element.js'
import type { TidemarkError } from '../errors.js'
import type { InternalKey, Key } from '../state/key.js'
import { toInternalKey } from '../state/key-codec.js'
import { keyGroupOf } from '../state/key-groups.js'
import { type CallGuard, GIVEN_UP, type Subject } from './guard/call-guard.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from './user-error.js'

/** Puts the key and the key group beside each row; the values stay as they are. */
export function keyByOperator<T>(selector: (value: T) => Key): Operator<T, T> {
  return new KeyByOperator(selector)
}

class KeyByOperator<T> implements Operator<T, T> {
  readonly #selector: (value: T) => Key
  #operatorId = ''
  #maxParallelism = 1
  #guard: CallGuard | undefined

  constructor(selector: (value: T) => Key) {
    this.#selector = selector
  }

  open(context: OperatorContext): void {
    this.#operatorId = context.operatorId
    this.#guard = context.guard
    this.#maxParallelism = context.maxParallelism
  }

  process(batch: Batch<T>, from: number, output: Output<T>): number {
    if (output.full) return from
    if (this.#guard !== undefined) return this.#processGuarded(this.#guard, batch, from, output)
    const { values, timestamps, origin, length } = batch
    const selector = this.#selector
    const maxParallelism = this.#maxParallelism
    const keys: InternalKey[] = []
    const groups: number[] = []
    let i = from
    let key: unknown
    try {
      for (; i < length; i++) {
        key = undefined
        const selected = selector(values[i] as T)
        key = selected
        keys.push(toInternalKey(selected))
        groups.push(keyGroupOf(selected, maxParallelism))
      }
    } catch (thrown) {
      throw this.#failed(thrown, key, batch, i)
    }
    if (keys.length > 0) {
      output.emitBatch(
        from === 0
          ? new Batch(values, timestamps, keys, groups, origin)
          : new Batch(values.slice(from), timestamps.slice(from), keys, groups, origin?.from(from)),
      )
    }
    return length
  }

  /** Rows whose key cannot be had are left out. */
  #processGuarded(guard: CallGuard, batch: Batch<T>, from: number, output: Output<T>): number {
    const { timestamps, origin, length } = batch
    const values: T[] = []
    const times: number[] = []
    const keys: InternalKey[] = []
    const groups: number[] = []
    let i = from
    const keyed = (): readonly [InternalKey, group: number] => this.#keyOf(batch, i)
    const subject = (): Subject => ({ value: batch.values[i], timestamp: timestamps[i]!, origin, position: i })
    for (; i < length; i++) {
      const given = guard.attempt(keyed, subject)
      if (given === GIVEN_UP) continue
      values.push(batch.values[i] as T)
      times.push(timestamps[i]!)
      keys.push(given[0])
      groups.push(given[1])
    }
    const isWhole = values.length === length - from
    if (values.length > 0) {
      output.emitBatch(new Batch(values, times, keys, groups, isWhole ? origin?.from(from) : origin?.scattered()))
    }
    return length
  }

  #keyOf(batch: Batch<T>, row: number): readonly [InternalKey, group: number] {
    let key: unknown
    try {
      const selected = this.#selector(batch.values[row] as T)
      key = selected
      return [toInternalKey(selected), keyGroupOf(selected, this.#maxParallelism)]
    } catch (thrown) {
      throw this.#failed(thrown, key, batch, row)
    }
  }

  #failed(thrown: unknown, key: unknown, batch: Batch<T>, row: number): TidemarkError {
    const where = { operatorId: this.#operatorId, call: 'keyBy', ...recordOf(batch, row) }
    return isAsynchronous(key) ? returnedPromise(key, where) : userError(thrown, where)
  }
}
