import type { _Record } from '@aws-sdk/client-kinesis'

export interface FetchedRecord {
  readonly data: Uint8Array
  readonly sequenceNumber: string
  readonly partitionKey: string
  readonly arrivedAt: number
}

/** What was fetched and not polled yet, in order. It bounds nothing itself: the reader asks before it fetches. */
export class RecordBuffer {
  #records: readonly FetchedRecord[] = []
  #later: (readonly FetchedRecord[])[] = []
  #head = 0
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  add(records: readonly FetchedRecord[], bytes: number): void {
    if (records.length === 0) return
    this.#later.push(records)
    this.#count += records.length
    this.#bytes += bytes
  }

  peek(): FetchedRecord | undefined {
    while (this.#head === this.#records.length) {
      const next = this.#later.shift()
      if (next === undefined) return undefined
      this.#records = next
      this.#head = 0
    }
    return this.#records[this.#head]
  }

  /** Only after a `peek` that found a record. */
  drop(): void {
    this.#bytes -= sizeOf(this.#records[this.#head]!)
    this.#head++
    this.#count--
    if (this.#head < this.#records.length) return
    this.#records = []
    this.#head = 0
  }
}

export function fetchedRecord(record: _Record): FetchedRecord {
  return {
    data: record.Data ?? new Uint8Array(0),
    sequenceNumber: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    arrivedAt: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  }
}

export function sizeOf(record: FetchedRecord): number {
  return record.data.byteLength + record.partitionKey.length
}
