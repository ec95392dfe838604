import type { Counter } from '../context.js'
import type { Batch } from '../element.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from './user-error.js'

/** Each with the side output that it fills, in the order in which they are asked. */
export type Branch<T> = readonly [name: string, holds: (value: T) => boolean]

/** Each row to the first branch whose predicate holds, and to the main output where none does. */
export function splitOperator<T>(branches: readonly Branch<T>[]): Operator<T, T> {
  return new SplitOperator(branches)
}

class SplitOperator<T> implements Operator<T, T> {
  readonly #branches: readonly Branch<T>[]
  // Made by `open`, which comes before everything else.
  /** By branch; -1 where nobody reads it. */
  #ports: readonly number[] = []
  #unread: readonly Counter[] = []
  #inNoBranch!: Counter
  #operatorId = ''

  constructor(branches: readonly Branch<T>[]) {
    this.#branches = branches
  }

  open({ operatorId, portOf, metrics }: OperatorContext): void {
    this.#operatorId = operatorId
    this.#ports = this.#branches.map(([name]) => portOf(name))
    this.#unread = this.#branches.map(([name]) => metrics.counter(`branch_${name}_unread`))
    this.#inNoBranch = metrics.counter('recordsInNoBranch')
  }

  process(batch: Batch<T>, from: number, output: Output<T>): number {
    const { values, timestamps, length } = batch
    output.origin = batch.origin?.scattered()
    try {
      for (let i = from; i < length; i++) {
        if (output.full) return i
        const value = values[i] as T
        const branch = this.#branchOf(value, i, batch)
        if (branch < 0) {
          this.#inNoBranch.add()
          output.emit(value, timestamps[i]!)
        } else if (this.#ports[branch]! < 0) this.#unread[branch]!.add()
        else output.emitTo(this.#ports[branch]!, value, timestamps[i]!)
      }
      return length
    } finally {
      output.origin = undefined
    }
  }

  /** -1: none holds. */
  #branchOf(value: T, position: number, batch: Batch<T>): number {
    for (let index = 0; index < this.#branches.length; index++) {
      const [name, holds] = this.#branches[index]!
      let result: unknown
      const where = (): Parameters<typeof userError>[1] => {
        return { operatorId: this.#operatorId, call: `split '${name}'`, ...recordOf(batch, position) }
      }
      try {
        result = holds(value)
      } catch (thrown) {
        throw userError(thrown, where())
      }
      if (result === true) return index
      if (result === false) continue
      // A promise is truthy: it would take every record.
      if (isAsynchronous(result)) throw returnedPromise(result, where())
      if (result) return index
    }
    return -1
  }
}
