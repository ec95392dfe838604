import type { DeadLetter } from '../../core/connector.js'
import type { Batch } from '../../core/element.js'
import type { TidemarkError } from '../../core/errors.js'
import type { Origin } from '../../core/origin.js'
import { rowText } from './row-text.js'

/** A row, and where it came from. */
export interface PlacedRow {
  readonly value: unknown
  /** Of the batch that it came in, and its index there. */
  readonly origin: Origin | undefined
  readonly row: number
}

export interface RejectedRow {
  readonly operatorId: string
  readonly problem: TidemarkError
  readonly rejectedAt: number
  /** As far as it was encoded. Default: all of the row, as JSON where it has such a form. */
  readonly raw?: Uint8Array | undefined
  readonly partitionKey?: string | undefined
  readonly explicitHashKey?: string | undefined
}

/** The dead letter of a row that a sink cannot write. */
export function rowLetter(batch: Batch, row: number, rejected: RejectedRow): DeadLetter {
  return letterOf({ value: batch.values[row], origin: batch.origin, row }, rejected)
}

/** The same where the batch is gone. */
export function letterOf({ value, origin, row }: PlacedRow, rejected: RejectedRow): DeadLetter {
  const { operatorId, problem, rejectedAt, raw, partitionKey, explicitHashKey } = rejected
  return {
    operatorId,
    split: origin?.split ?? '',
    offset: String(origin?.offsetOf(row) ?? ''),
    code: problem.code,
    message: problem.message,
    raw: raw ?? bytesOf(value),
    isPart: false,
    arrivedAt: undefined,
    partitionKey,
    explicitHashKey,
    rejectedAt,
  }
}

function bytesOf(row: unknown): Uint8Array {
  if (row instanceof Uint8Array) return row
  return new TextEncoder().encode(typeof row === 'string' ? row : rowText(row))
}
