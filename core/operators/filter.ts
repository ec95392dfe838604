import { Batch } from '../element.js'
import type { InternalKey } from '../state/key.js'
import type { FilterFunction } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { UserCode } from './user-code.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from './user-error.js'

/** The rows for which the predicate holds. A batch of which all stay is handed on as it is. */
export function filterOperator<T, C>(definition: FilterFunction<T, C>): Operator<T, T> {
  return new FilterOperator(definition)
}

class FilterOperator<T, C> implements Operator<T, T> {
  readonly #filter: (value: T, opened: C) => boolean
  readonly #code: UserCode<C>
  #operatorId = ''

  constructor(definition: FilterFunction<T, C>) {
    this.#filter = typeof definition === 'function' ? definition : definition.filter.bind(definition)
    this.#code = new UserCode(typeof definition === 'function' ? undefined : definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    return this.#code.open(context)
  }

  process(batch: Batch<T>, from: number, output: Output<T>): number {
    if (output.full) return from
    const kept = this.#keep(batch, from)
    if (kept.length > 0) output.emitBatch(kept)
    return batch.length
  }

  close(): Promise<void> {
    return this.#code.close()
  }

  #keep(batch: Batch<T>, from: number): Batch<T> {
    const { values, timestamps, keys, groups, length } = batch
    const filter = this.#filter
    const opened = this.#code.opened
    let i = from
    try {
      while (i < length && this.#holds(filter(values[i] as T, opened), i, batch)) i++
      if (i === length && from === 0) return batch
      const keptValues = values.slice(from, i)
      const keptTimestamps = timestamps.slice(from, i)
      const keptKeys = keys?.slice(from, i)
      const keptGroups = groups?.slice(from, i)
      // Row i is the first that was refused.
      for (i++; i < length; i++) {
        const value = values[i] as T
        if (!this.#holds(filter(value, opened), i, batch)) continue
        keptValues.push(value)
        keptTimestamps.push(timestamps[i]!)
        keptKeys?.push(keys![i] as InternalKey)
        keptGroups?.push(groups![i]!)
      }
      return new Batch(keptValues, keptTimestamps, keptKeys, keptGroups, batch.origin?.scattered())
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'filter', ...recordOf(batch, i) })
    }
  }

  /** A truthy result stands for true, as in Array.filter; a promise is always truthy, so it is looked for. */
  #holds(result: unknown, position: number, batch: Batch<T>): boolean {
    if (result === true || result === false) return result
    if (isAsynchronous(result)) {
      throw returnedPromise(result, { operatorId: this.#operatorId, call: 'filter', ...recordOf(batch, position) })
    }
    return Boolean(result)
  }
}
