import { Batch } from '../element.js'
import type { InternalKey, Key } from '../state/key.js'
import { toInternalKey } from '../state/key-codec.js'
import { keyGroupOf } from '../state/key-groups.js'
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

  constructor(selector: (value: T) => Key) {
    this.#selector = selector
  }

  open(context: OperatorContext): void {
    this.#operatorId = context.operatorId
    this.#maxParallelism = context.maxParallelism
  }

  process(batch: Batch<T>, from: number, output: Output<T>): number {
    if (output.full) return from
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
      const where = { operatorId: this.#operatorId, call: 'keyBy', ...recordOf(batch, i) }
      throw isAsynchronous(key) ? returnedPromise(key, where) : userError(thrown, where)
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
}
