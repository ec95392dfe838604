import { isWellFormed } from '../../../core/codec/well-formed.js'
import type { DeadLetter } from '../../../core/connector.js'
import type { Batch } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { recordOf, returnedPromise, userError } from '../../../core/operators/user-error.js'
import { isPromise } from '../../../core/promises.js'
import { rowLetter } from '../../dead-letters/row-letter.js'
import type { KinesisSinkSettings } from './options.js'
import type { OutgoingRecord } from './outgoing.js'

export interface RowRecordsOptions<T> {
  readonly operatorId: string
  readonly environment: Environment
  readonly settings: KinesisSinkSettings<T>
  readonly onRejected: (letter: DeadLetter, problem: TidemarkError) => void
}

const LONGEST_KEY = 256
const HASH_KEYS = 1n << 128n

/** Makes records of rows, one after the other. */
export class RowRecords<T> {
  readonly #options: RowRecordsOptions<T>

  constructor(options: RowRecordsOptions<T>) {
    this.#options = options
  }

  /** One, or none where the row was rejected. @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE, which is no fault of the row */
  of(batch: Batch<T>, row: number, takenAt: number): readonly OutgoingRecord[] {
    const { settings, onRejected, operatorId, environment } = this.#options
    const value = batch.values[row]!
    let data: Uint8Array | undefined
    let partitionKey: string | undefined
    let explicitHashKey: string | undefined
    try {
      data = this.#bytesOf(this.#call(batch, row, 'encode', () => settings.encode(value)))
      partitionKey = this.#partitionKey(batch, row)
      explicitHashKey = this.#explicitHashKey(batch, row)
      const bytes = data.byteLength + Buffer.byteLength(partitionKey)
      if (bytes > settings.numbers.maxRecordBytes) {
        throw refused(
          'KINESIS_RECORD_TOO_LARGE',
          `data and partition key are ${bytes} bytes, and Kinesis takes ${settings.numbers.maxRecordBytes}; encode less, ` +
            'or raise the limit of the stream and maxRecordBytes (at most 10 MiB)',
        )
      }
      // Field by field: spreading records here doubled what the whole sink takes of the processor.
      return [{ data, partitionKey, explicitHashKey, bytes, orderKey: partitionKey, takenAt, failures: 0, failedAt: 0 }]
    } catch (thrown) {
      const problem = userError(thrown, this.#where(batch, row, 'the sink'))
      if (problem.code === 'USER_FUNCTION_RETURNED_PROMISE') throw problem
      const rejected = { operatorId, problem, rejectedAt: environment.clock.now() }
      onRejected(rowLetter(batch, row, { ...rejected, raw: data, partitionKey, explicitHashKey }), problem)
      return []
    }
  }

  #partitionKey(batch: Batch<T>, row: number): string {
    const { partitionKey } = this.#options.settings
    if (partitionKey === 'random') {
      return Math.floor(this.#options.environment.random.next() * 2 ** 52).toString(36)
    }
    const given: unknown = this.#call(batch, row, 'partitionKey', () => partitionKey(batch.values[row]!))
    const isText = typeof given === 'string'
    if (!isText && typeof given !== 'bigint' && !Number.isFinite(given)) {
      throw refused('KINESIS_KEY_INVALID', `partitionKey gave ${given === null ? 'null' : typeof given}, expected text`)
    }
    const text = isText ? given : String(given)
    // Kinesis counts characters, not UTF-16 units; only a long text needs the exact count.
    if (text === '' || (text.length > LONGEST_KEY && [...text].length > LONGEST_KEY)) {
      throw refused(
        'KINESIS_KEY_INVALID',
        `a partition key has 1 to ${LONGEST_KEY} characters, partitionKey gave ${text.length}`,
      )
    }
    if (isText && !isWellFormed(text)) {
      throw refused('KINESIS_KEY_INVALID', 'partitionKey gave text with half a surrogate pair, which UTF-8 cannot hold')
    }
    return text
  }

  #explicitHashKey(batch: Batch<T>, row: number): string | undefined {
    const { explicitHashKey } = this.#options.settings
    if (explicitHashKey === undefined) return undefined
    const given: unknown = this.#call(batch, row, 'explicitHashKey', () => explicitHashKey(batch.values[row]!))
    if (given === undefined) return undefined
    const isNumber = typeof given === 'bigint' || (typeof given === 'string' && /^(0|[1-9]\d{0,38})$/.test(given))
    const value = isNumber ? BigInt(given) : -1n
    if (value >= 0n && value < HASH_KEYS) return value.toString()
    throw refused('KINESIS_KEY_INVALID', 'explicitHashKey gives a bigint, or its decimal text, from 0 to 2^128 - 1')
  }

  #bytesOf(encoded: unknown): Uint8Array {
    if (typeof encoded === 'string') return Buffer.from(encoded)
    if (encoded instanceof Uint8Array) return encoded
    throw refused(
      'ROW_INVALID',
      `encode gave ${encoded === null ? 'null' : typeof encoded}, expected a Uint8Array or text`,
    )
  }

  #call<R>(batch: Batch<T>, row: number, call: string, run: () => R): R {
    let result: R
    try {
      result = run()
    } catch (thrown) {
      throw userError(thrown, this.#where(batch, row, call))
    }
    if (isPromise(result)) throw returnedPromise(result, this.#where(batch, row, call))
    return result
  }

  #where(batch: Batch<T>, row: number, call: string) {
    return { operatorId: this.#options.operatorId, call, ...recordOf(batch, row) }
  }
}

function refused(code: 'KINESIS_RECORD_TOO_LARGE' | 'KINESIS_KEY_INVALID' | 'ROW_INVALID', message: string) {
  return new TidemarkError({ code, domain: 'user', message })
}
