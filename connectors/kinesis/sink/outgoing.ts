import type { Outgoing } from '../../batching/delivery.js'

/** One record of PutRecords: a row, or an aggregate of several. Its bytes are as Kinesis counts them: data and partition key. */
export interface OutgoingRecord extends Outgoing {
  readonly data: Uint8Array
  readonly partitionKey: string
  /** Decimal. Absent: the MD5 of the partition key decides. */
  readonly explicitHashKey: string | undefined
}

/** What a second of a shard is used up by: 1000 records, or 1 MiB. Counted in records. */
export function costOf(records: readonly Pick<OutgoingRecord, 'bytes'>[]): number {
  let cost = 0
  for (const { bytes } of records) cost += Math.max(1, (bytes * 1000) / (1024 * 1024))
  return cost
}
