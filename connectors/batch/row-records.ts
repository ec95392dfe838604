import type { DeadLetter } from '../../core/connector.js'
import type { Batch } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import { recordOf, returnedPromise, userError } from '../../core/operators/user-error.js'
import type { Origin } from '../../core/origin.js'
import { isPromise } from '../../core/promises.js'
import type { Outgoing } from '../batching/delivery.js'
import { letterOf, rowLetter } from '../dead-letters/row-letter.js'
import type { BatchSinkSettings } from './options.js'

/** A row on its way. */
export interface RowRecord<out T> extends Outgoing {
  readonly value: T
  readonly origin: Origin | undefined
  /** In the batch that it came in. */
  readonly row: number
  /** The code that `write` rejected it with. */
  rejectedAs: string | undefined
}

export interface RowRecordsOptions<T> {
  readonly operatorId: string
  readonly environment: Environment
  readonly settings: Pick<BatchSinkSettings<T, never>, 'bytesOf' | 'orderBy'>
  readonly onRejected: (letter: DeadLetter, problem: TidemarkError) => void
}

/** Makes records of rows, one after the other, and dead letters of those that are given up. */
export class RowRecords<T> {
  readonly #options: RowRecordsOptions<T>

  constructor(options: RowRecordsOptions<T>) {
    this.#options = options
  }

  /** One, or none where the row was rejected. @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE, which is no fault of the row */
  of(batch: Batch<T>, row: number, takenAt: number): readonly RowRecord<T>[] {
    const { operatorId, environment, onRejected } = this.#options
    const { origin } = batch
    const value = batch.values[row]! // The row is one of the batch's.
    try {
      const bytes = this.#bytesOf(batch, row)
      const orderKey = this.#orderKeyOf(batch, row)
      return [{ value, origin, row, bytes, orderKey, takenAt, failures: 0, failedAt: 0, rejectedAs: undefined }]
    } catch (thrown) {
      const problem = userError(thrown, { operatorId, call: 'the sink', ...recordOf(batch, row) })
      if (problem.code === 'USER_FUNCTION_RETURNED_PROMISE') throw problem
      onRejected(rowLetter(batch, row, { operatorId, problem, rejectedAt: environment.clock.now() }), problem)
      return []
    }
  }

  /** Gives up a row that the service does not take. */
  reject(record: RowRecord<T>, problem: TidemarkError): void {
    const { operatorId, environment, onRejected } = this.#options
    const letter = letterOf(record, { operatorId, problem, rejectedAt: environment.clock.now() })
    onRejected(record.rejectedAs === undefined ? letter : { ...letter, code: record.rejectedAs }, problem)
  }

  #bytesOf(batch: Batch<T>, row: number): number {
    const { bytesOf } = this.#options.settings
    if (bytesOf === undefined) return 0
    const bytes = this.#call(batch, row, 'bytesOf', bytesOf)
    if (Number.isFinite(bytes) && bytes >= 0) return bytes
    throw rowInvalid(`bytesOf gave ${typeof bytes === 'number' ? bytes : typeof bytes}, expected a number from 0 on`)
  }

  #orderKeyOf(batch: Batch<T>, row: number): string {
    const { orderBy } = this.#options.settings
    if (orderBy === undefined) return ''
    const key: unknown = this.#call(batch, row, 'orderBy', orderBy)
    if (typeof key === 'string') return key
    if (typeof key === 'bigint' || Number.isFinite(key)) return String(key)
    throw rowInvalid(`orderBy gave ${key === null ? 'null' : typeof key}, expected text or a number`)
  }

  #call<R>(batch: Batch<T>, row: number, call: string, given: (value: T) => R): R {
    const where = { operatorId: this.#options.operatorId, call, ...recordOf(batch, row) }
    let result: R
    try {
      result = given(batch.values[row]!) // The row is one of the batch's.
    } catch (thrown) {
      throw userError(thrown, where)
    }
    if (isPromise(result)) throw returnedPromise(result, where)
    return result
  }
}

function rowInvalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message })
}
