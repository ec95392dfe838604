import { Batch } from '../element.js'
import type { MapFunction } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { UserCode } from './user-code.js'
import { isAsynchronous, returnedPromise, userError } from './user-error.js'

/** One value for each, with the same timestamp. */
export function mapOperator<T, R, C>(definition: MapFunction<T, R, C>): Operator<T, R> {
  return new MapOperator(definition)
}

class MapOperator<T, R, C> implements Operator<T, R> {
  readonly #map: (value: T, opened: C) => R
  readonly #code: UserCode<C>
  #operatorId = ''

  constructor(definition: MapFunction<T, R, C>) {
    this.#map = typeof definition === 'function' ? definition : definition.map.bind(definition)
    this.#code = new UserCode(typeof definition === 'function' ? undefined : definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    return this.#code.open(context)
  }

  process(batch: Batch<T>, from: number, output: Output<R>): number {
    if (output.full) return from
    const { values, timestamps, length } = batch
    const map = this.#map
    const opened = this.#code.opened
    const mapped: R[] = []
    let i = from
    try {
      for (; i < length; i++) mapped.push(map(values[i] as T, opened))
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'map', position: i, timestamp: timestamps[i]! })
    }
    // A function is asynchronous or it is not: the first value tells, at no cost for the others.
    if (mapped.length > 0 && isPromise(mapped[0])) {
      throw returnedPromise({ operatorId: this.#operatorId, call: 'map', position: from, timestamp: timestamps[from]! })
    }
    output.emitBatch(new Batch(mapped, from === 0 ? timestamps : timestamps.slice(from)))
    return length
  }

  close(): Promise<void> {
    return this.#code.close()
  }
}

function isPromise(value: unknown): boolean {
  return isAsynchronous(value) && typeof (value as { then?: unknown }).then === 'function'
}
