import type { DeadLetter } from '../../core/connector.js'
import type { Batch } from '../../core/element.js'
import type { TidemarkError } from '../../core/errors.js'
import { rowText } from './row-text.js'

export interface RejectedRow {
  readonly operatorId: string
  readonly problem: TidemarkError
  readonly rejectedAt: number
  /** As far as it was encoded. Default: all of the row, as JSON where it has such a form. */
  readonly raw?: Uint8Array | undefined
  readonly partitionKey?: string | undefined
}

/** The dead letter of a row that a sink cannot write. */
export function rowLetter(batch: Batch, row: number, rejected: RejectedRow): DeadLetter {
  const { operatorId, problem, rejectedAt, raw, partitionKey } = rejected
  const { origin } = batch
  return {
    operatorId,
    split: origin?.split ?? '',
    offset: String(origin?.offsetOf(row) ?? ''),
    code: problem.code,
    message: problem.message,
    raw: raw ?? bytesOf(batch.values[row]),
    isPart: false,
    arrivedAt: undefined,
    partitionKey,
    explicitHashKey: undefined,
    rejectedAt,
  }
}

function bytesOf(row: unknown): Uint8Array {
  if (row instanceof Uint8Array) return row
  return new TextEncoder().encode(typeof row === 'string' ? row : rowText(row))
}
