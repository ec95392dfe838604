import type { Batch } from '../element.js'
import { Emission } from './emission.js'
import type { FlatMapFunction } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { UserCode } from './user-code.js'
import { recordOf, userError } from './user-error.js'

/** Any number of values for each, with its timestamp. */
export function flatMapOperator<T, R, C>(definition: FlatMapFunction<T, R, C>): Operator<T, R> {
  return new FlatMapOperator(definition)
}

class FlatMapOperator<T, R, C> implements Operator<T, R> {
  readonly #flatMap: (value: T, opened: C) => Iterable<R>
  readonly #code: UserCode<C>
  #emission = new Emission<R>('', 'flatMap')
  #operatorId = ''

  constructor(definition: FlatMapFunction<T, R, C>) {
    this.#flatMap = typeof definition === 'function' ? definition : definition.flatMap.bind(definition)
    this.#code = new UserCode(typeof definition === 'function' ? undefined : definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    this.#emission = new Emission(context.operatorId, 'flatMap')
    return this.#code.open(context)
  }

  process(batch: Batch<T>, from: number, output: Output<R>): number {
    const { timestamps, length } = batch
    const emission = this.#emission
    emission.beginBatch(batch.origin)
    output.origin = batch.origin?.scattered()
    try {
      for (let i = from; i < length; i++) {
        const timestamp = timestamps[i]!
        if (!emission.active) {
          if (output.full) return i
          emission.start(this.#call(batch, i), i, timestamp)
        }
        if (!emission.drain(output, timestamp, i)) return i
      }
      return length
    } finally {
      output.origin = undefined
    }
  }

  async close(): Promise<void> {
    try {
      this.#emission.abandon()
    } finally {
      await this.#code.close()
    }
  }

  #call(batch: Batch<T>, position: number): Iterable<R> {
    try {
      return this.#flatMap(batch.values[position] as T, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'flatMap', ...recordOf(batch, position) })
    }
  }
}
