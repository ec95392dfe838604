import { Batch } from '../element.js'
import type { ValueState } from '../state/backend.js'
import type { InternalKey } from '../state/key.js'
import { withoutKeys } from './missing-keys.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from './user-error.js'

/** The name of its state, part of the savepoint format. */
const REDUCED = 'reduced'

/** The running reduction of each key: a row out for every row in. */
export function keyedReduceOperator<T>(reduce: (left: T, right: T) => T): Operator<T, T> {
  return new KeyedReduceOperator(reduce)
}

class KeyedReduceOperator<T> implements Operator<T, T> {
  readonly #reduce: (left: T, right: T) => T
  #context!: OperatorContext
  #reduced!: ValueState<T>

  constructor(reduce: (left: T, right: T) => T) {
    this.#reduce = reduce
  }

  open(context: OperatorContext): void {
    this.#context = context
    this.#reduced = context.keyedState.value<T>({ kind: 'value', name: REDUCED })
  }

  process(batch: Batch<T>, from: number, output: Output<T>): number {
    if (output.full) return from
    const { values, timestamps, keys, groups, length } = batch
    const operatorId = this.#context.operatorId
    if (keys === undefined || groups === undefined) throw withoutKeys(operatorId)
    const backend = this.#context.keyedState
    const reduced = this.#reduced
    const reduce = this.#reduce
    const results: T[] = []
    let i = from
    try {
      for (; i < length; i++) {
        backend.setCurrentKey(keys[i] as InternalKey, groups[i]!)
        // The state is read as the user's function sees it: the contract of reduce is to return, not to change.
        const before = reduced.value() as T | undefined
        const value = values[i] as T
        const after = before === undefined ? value : reduce(before, value)
        if (before === undefined || !isAsynchronous(after)) reduced.update(after)
        else throw returnedPromise(after, { operatorId, call: 'reduce', ...recordOf(batch, i) })
        results.push(after)
      }
    } catch (thrown) {
      throw userError(thrown, { operatorId, call: 'reduce', ...recordOf(batch, i) })
    }
    if (results.length > 0) {
      const times = from === 0 ? timestamps : timestamps.slice(from)
      output.emitBatch(new Batch(results, times, undefined, undefined, batch.origin?.from(from)))
    }
    return length
  }
}
