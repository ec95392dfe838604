import type { _Record, SubscribeToShardEvent } from '@aws-sdk/client-kinesis'
import type { ShardPosition } from '../split.js'
import { type StartingPosition, startingPosition } from '../starting-position.js'

/**
 * Where the next subscription begins, and what of it is known already. It begins at the last continuation sequence number,
 * not behind it, since that may be one of a record or not; what was received before is left out by its number. So a
 * subscription that ends anywhere neither loses nor doubles a record.
 */
export class ResumePoint {
  #start: StartingPosition
  /** Nothing up to this number is wanted. */
  #received: bigint | undefined

  constructor(position: ShardPosition) {
    this.#start = startingPosition(position)
    if (this.#start.type === 'AFTER_SEQUENCE_NUMBER') this.#received = BigInt(this.#start.sequenceNumber)
  }

  get start(): StartingPosition {
    return this.#start
  }

  get isHorizon(): boolean {
    return this.#start.type === 'TRIM_HORIZON'
  }

  /** Returns the records that are new. */
  advance(event: SubscribeToShardEvent): readonly _Record[] {
    const records = this.#newOf(event.Records ?? [])
    const last = records.at(-1)?.SequenceNumber
    if (last !== undefined) this.#received = BigInt(last)
    // Until there was a record, the first start is as good, and certain.
    if (this.#received !== undefined) {
      const sequenceNumber = event.ContinuationSequenceNumber ?? last
      if (sequenceNumber !== undefined) this.#start = { type: 'AT_SEQUENCE_NUMBER', sequenceNumber }
    }
    return records
  }

  /** The server refuses where it was: what it still has, less what was received. */
  toHorizon(): void {
    this.#start = { type: 'TRIM_HORIZON' }
  }

  #newOf(records: readonly _Record[]): readonly _Record[] {
    const received = this.#received
    // In order: only the first can be old, but for a start at the horizon.
    if (received === undefined || records.length === 0 || numberOf(records[0]) > received) return records
    return records.filter((record) => numberOf(record) > received)
  }
}

function numberOf(record: _Record | undefined): bigint {
  return BigInt(record?.SequenceNumber ?? 0)
}
