import type { Batch } from '../../element.js'
import { TidemarkError } from '../../errors.js'
import type { Origin } from '../../origin.js'
import type { Output } from '../operator.js'

/** Rows that one call may give where they are held back until it has returned. */
const MOST_ROWS = 1_000_000

/** Holds rows back until it is known that the call which emits them succeeds. */
export class CapturedOutput implements Output {
  readonly full = false
  /** Of the rows: set anew when they go on. */
  origin: Origin | undefined
  readonly #operatorId: string
  readonly #ports: number[] = []
  readonly #values: unknown[] = []
  readonly #timestamps: number[] = []

  constructor(operatorId: string) {
    this.#operatorId = operatorId
  }

  get length(): number {
    return this.#values.length
  }

  emit(value: unknown, timestamp: number): void {
    this.emitTo(0, value, timestamp)
  }

  emitTo(port: number, value: unknown, timestamp: number): void {
    if (this.#values.length >= MOST_ROWS) throw tooManyRows(this.#operatorId)
    this.#ports.push(port)
    this.#values.push(value)
    this.#timestamps.push(timestamp)
  }

  emitBatch({ values, timestamps, length }: Batch): void {
    for (let row = 0; row < length; row++) this.emitTo(0, values[row], timestamps[row]!)
  }

  /** Forgets what came after the first `length` rows. */
  truncate(length: number): void {
    this.#ports.length = length
    this.#values.length = length
    this.#timestamps.length = length
  }

  flushTo(output: Output): void {
    const values = this.#values
    for (let row = 0; row < values.length; row++) {
      const port = this.#ports[row]!
      if (port === 0) output.emit(values[row], this.#timestamps[row]!)
      else output.emitTo(port, values[row], this.#timestamps[row]!)
    }
    this.truncate(0)
  }
}

function tooManyRows(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'OUTPUT_OVERFLOW',
    domain: 'user',
    operatorId,
    message:
      `operator '${operatorId}' emitted more than ${MOST_ROWS} rows in one call; with onError the rows of a call wait until it ` +
      "has returned, so that none go on when it fails. Emit less in a call, or leave onError at 'fail'",
  })
}
