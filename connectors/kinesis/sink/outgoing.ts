/** One record of PutRecords: a row, or an aggregate of several. */
export interface Outgoing {
  readonly data: Uint8Array
  readonly partitionKey: string
  /** Decimal. Absent: the MD5 of the partition key decides. */
  readonly explicitHashKey: string | undefined
  /** As Kinesis counts them: data and partition key. */
  readonly bytes: number
  /** Of two records with the same one the second waits for the first, where order is kept. */
  readonly orderKey: string
  /** What is let go of when it is acknowledged. */
  readonly rows: number
  readonly rowBytes: number
  /** When its first row was taken, monotonic. */
  readonly takenAt: number
  failures: number
  /** When it failed first, monotonic. */
  failedAt: number
}

/** What a second of a shard is used up by: 1000 records, or 1 MiB. Counted in records. */
export function costOf(record: Pick<Outgoing, 'bytes'>): number {
  return Math.max(1, (record.bytes * 1000) / (1024 * 1024))
}
