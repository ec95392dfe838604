import type { Packer } from '../../batching/packer.js'
import { Aggregator, hashKeyOfRecord } from '../aggregation/index.js'
import type { AggregateOptions } from './options.js'
import type { OutgoingRecord } from './outgoing.js'

interface OpenAggregate {
  readonly aggregator: Aggregator
  readonly takenAt: number
  rowBytes: number
}

const HASH_KEY_BITS = 128n

/**
 * Packs rows into aggregated records. Readers drop what lies outside the hash range of the shard they found it in, and
 * the shards of a stream change at any time; so the rows of one aggregate get one hash key, the first of their group's
 * part of the hash range. A row's group follows from its keys alone: whatever becomes of the shards, rows with one
 * partition key stay together, in order.
 */
export class Aggregates implements Packer<OutgoingRecord> {
  readonly #options: Required<AggregateOptions>
  readonly #maxDelayMs: number
  readonly #groupBits: number
  /** By group: the first of its part of the hash range. */
  readonly #hashKeys: readonly string[]
  /** By group, the oldest first. */
  readonly #open = new Map<number, OpenAggregate>()
  #full: OutgoingRecord[] = []

  constructor(options: Required<AggregateOptions>, maxDelayMs: number) {
    this.#options = options
    this.#maxDelayMs = maxDelayMs
    this.#groupBits = Math.log2(options.groups)
    const width = (1n << HASH_KEY_BITS) / BigInt(options.groups)
    this.#hashKeys = Array.from({ length: options.groups }, (_, group) => (BigInt(group) * width).toString())
  }

  add(record: OutgoingRecord, now: number): void {
    const group = this.#groupOf(record)
    const inGroup = {
      data: record.data,
      partitionKey: record.partitionKey,
      explicitHashKey: this.#hashKeys[group]!,
    }
    let open = this.#open.get(group)
    if (open !== undefined && !open.aggregator.add(inGroup)) {
      this.#close(group, open)
      open = undefined
    }
    if (open === undefined) {
      open = { aggregator: new Aggregator({ maxBytes: this.#options.maxBytes }), takenAt: now, rowBytes: 0 }
      open.aggregator.add(inGroup)
      this.#open.set(group, open)
    }
    open.rowBytes += record.bytes
  }

  dueAt(isUrgent: boolean): number {
    if (this.#full.length > 0) return 0
    for (const { takenAt } of this.#open.values()) return isUrgent ? 0 : takenAt + this.#maxDelayMs
    return Number.POSITIVE_INFINITY
  }

  take(now: number, isUrgent: boolean): readonly OutgoingRecord[] {
    for (const [group, open] of this.#open) {
      if (!isUrgent && open.takenAt + this.#maxDelayMs > now) break
      this.#close(group, open)
    }
    const full = this.#full
    this.#full = []
    return full
  }

  #close(group: number, { aggregator, takenAt, rowBytes }: OpenAggregate): void {
    this.#open.delete(group)
    const record = aggregator.take()
    if (record === undefined) return
    const { data, partitionKey, explicitHashKey, count } = record
    const bytes = data.byteLength + Buffer.byteLength(partitionKey)
    const orderKey = String(group)
    const packed = { records: count, bytes: rowBytes }
    const rest = { bytes, orderKey, takenAt, failures: 0, failedAt: 0, packed }
    this.#full.push({ data, partitionKey, explicitHashKey, ...rest })
  }

  #groupOf(record: OutgoingRecord): number {
    // Row records have valid keys.
    const hashKey = hashKeyOfRecord(record)!
    // The first bits of 128, of which four are a digit: 16 are enough for every number of groups.
    return Number.parseInt(hashKey.slice(0, 4), 16) >>> (16 - this.#groupBits)
  }
}
