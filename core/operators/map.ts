import { Batch } from '../element.js'
import { isPromise, silence } from '../promises.js'
import type { MapFunction } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { UserCode } from './user-code.js'
import { recordOf, returnedPromise, userError } from './user-error.js'

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
      for (const value of mapped) silence(value)
      throw userError(thrown, { operatorId: this.#operatorId, call: 'map', ...recordOf(batch, i) })
    }
    this.#refusePromises(mapped, from, batch)
    const { origin } = batch
    const times = from === 0 ? timestamps : timestamps.slice(from)
    output.emitBatch(new Batch(mapped, times, undefined, undefined, origin?.from(from)))
    return length
  }

  close(): Promise<void> {
    return this.#code.close()
  }

  #refusePromises(mapped: readonly R[], from: number, batch: Batch<T>): void {
    for (let i = 0; i < mapped.length; i++) {
      // `instanceof` is cheap enough for every value, and finds what an async function returns; thenables are looked
      // for in the first value alone.
      if (!(mapped[i] instanceof Promise) && (i > 0 || !isPromise(mapped[i]))) continue
      for (const value of mapped) silence(value)
      throw returnedPromise(mapped[i], { operatorId: this.#operatorId, call: 'map', ...recordOf(batch, from + i) })
    }
  }
}
