/*
 * Packs user records into aggregated records, which this source, the KCL and Lambda's libraries take apart again.
 *
 *   const aggregator = new Aggregator({ maxBytes: 51_200, maxCount: 1000 })
 *   for (const record of recordsOfOneShard) {
 *     if (aggregator.add(record)) continue
 *     put(aggregator.take())            // it was full: what it had goes out
 *     aggregator.add(record)            // an empty aggregator takes any record
 *   }
 *   put(aggregator.take())              // undefined when it is empty
 *
 * All records of an aggregate must belong to one shard, when it is read: a reader drops what lies outside its shard's
 * hash range, since the producer is taken to have put it again where it belongs (so do the KPL and the KCL). Use one
 * aggregator for each shard, by `hashKeyOfRecord` and `isInRange`; and where PutRecords answers with another shard than the one
 * that was aggregated for (the stream was resharded meanwhile), put the records that are not in that shard's range again.
 * An aggregate of records with one hash key is right whatever happens to the shards.
 */
import { hash } from 'node:crypto'
import { explicitHashKeyOf, type HashKey, hashKeyOf } from './hash-key.js'
import {
  DATA,
  HASH_KEY_INDEX,
  HASH_KEYS,
  MAGIC,
  MD5_BYTES,
  PARTITION_KEY_INDEX,
  PARTITION_KEYS,
  RECORDS,
  varintBytes,
  writeVarint,
} from './wire.js'

export interface UserRecord {
  readonly partitionKey: string
  /** Decimal, 0 to 2^128 - 1. Absent: the MD5 of the partition key decides. */
  readonly explicitHashKey?: string | undefined
  /** Not copied: it must stay as it is until `take`. */
  readonly data: Uint8Array
}

/** What to put: its keys are those of its first user record, so it lands in that one's shard. */
export interface AggregatedRecord extends UserRecord {
  /** User records in it. A single one is put as it is, not wrapped. */
  readonly count: number
}

export interface AggregatorOptions {
  /** Of the record that is put: its data and its partition key, which is how Kinesis counts. */
  readonly maxBytes: number
  readonly maxCount?: number
}

interface Entry {
  readonly partitionKeyIndex: number
  /** -1: none. */
  readonly hashKeyIndex: number
  readonly data: Uint8Array
  /** Of the record's message, without its own field tag and length. */
  readonly bytes: number
}

/** Where Kinesis puts the record, whatever it is packed into. Undefined: its explicit hash key is no 128-bit number. */
export function hashKeyOfRecord(record: Omit<UserRecord, 'data'>): HashKey | undefined {
  const { explicitHashKey, partitionKey } = record
  return explicitHashKey === undefined ? hashKeyOf(partitionKey) : explicitHashKeyOf(explicitHashKey)
}

export class Aggregator {
  readonly #maxBytes: number
  readonly #maxCount: number
  readonly #partitionKeys = new StringTable()
  readonly #hashKeys = new StringTable()
  #entries: Entry[] = []
  #entryBytes = 0
  #first: UserRecord | undefined

  constructor({ maxBytes, maxCount = Number.POSITIVE_INFINITY }: AggregatorOptions) {
    this.#maxBytes = maxBytes
    this.#maxCount = maxCount
  }

  /** User records in it. */
  get count(): number {
    return this.#entries.length
  }

  /** What `take` would give, in bytes as Kinesis counts them. */
  get bytes(): number {
    const first = this.#first
    if (first === undefined) return 0
    const message = this.count === 1 ? first.data.byteLength : MAGIC.length + this.#messageBytes + MD5_BYTES
    return message + Buffer.byteLength(first.partitionKey)
  }

  /** False, and nothing has changed: it would be too large. An empty one takes any record, however large. */
  add(record: UserRecord): boolean {
    const { partitionKey, explicitHashKey, data } = record
    const first = this.#first ?? record
    const keyBytes = this.#partitionKeys.bytesToAdd(partitionKey)
    const hashKeyBytes = explicitHashKey === undefined ? 0 : this.#hashKeys.bytesToAdd(explicitHashKey)
    const partitionKeyIndex = this.#partitionKeys.indexOf(partitionKey)
    const hashKeyIndex = explicitHashKey === undefined ? -1 : this.#hashKeys.indexOf(explicitHashKey)
    const bytes =
      1 +
      varintBytes(partitionKeyIndex) +
      (hashKeyIndex < 0 ? 0 : 1 + varintBytes(hashKeyIndex)) +
      fieldBytes(data.byteLength)
    const total = MAGIC.length + this.#messageBytes + keyBytes + hashKeyBytes + fieldBytes(bytes) + MD5_BYTES
    if (this.count > 0) {
      if (this.count >= this.#maxCount) return false
      if (total + Buffer.byteLength(first.partitionKey) > this.#maxBytes) return false
    }
    this.#first = first
    this.#partitionKeys.add(partitionKey, keyBytes)
    if (explicitHashKey !== undefined) this.#hashKeys.add(explicitHashKey, hashKeyBytes)
    this.#entries.push({ partitionKeyIndex, hashKeyIndex, data, bytes })
    this.#entryBytes += fieldBytes(bytes)
    return true
  }

  /** Everything since the last call, as one record; undefined when there was nothing. */
  take(): AggregatedRecord | undefined {
    const first = this.#first
    if (first === undefined) return undefined
    const { count } = this
    const { partitionKey, explicitHashKey } = first
    const data = count === 1 ? first.data : this.#encode()
    this.#partitionKeys.clear()
    this.#hashKeys.clear()
    this.#entries = []
    this.#entryBytes = 0
    this.#first = undefined
    return { partitionKey, explicitHashKey, data, count }
  }

  get #messageBytes(): number {
    return this.#partitionKeys.bytes + this.#hashKeys.bytes + this.#entryBytes
  }

  #encode(): Uint8Array {
    const end = MAGIC.length + this.#messageBytes
    // Not of the pool: it may be kept for long, or transferred.
    const target = Buffer.allocUnsafeSlow(end + MD5_BYTES)
    target.set(MAGIC)
    let at = this.#partitionKeys.write(target, { tag: PARTITION_KEYS, at: MAGIC.length })
    at = this.#hashKeys.write(target, { tag: HASH_KEYS, at })
    for (const { partitionKeyIndex, hashKeyIndex, data, bytes } of this.#entries) {
      target[at++] = RECORDS
      at = writeVarint(target, bytes, at)
      target[at++] = PARTITION_KEY_INDEX
      at = writeVarint(target, partitionKeyIndex, at)
      if (hashKeyIndex >= 0) {
        target[at++] = HASH_KEY_INDEX
        at = writeVarint(target, hashKeyIndex, at)
      }
      target[at++] = DATA
      at = writeVarint(target, data.byteLength, at)
      target.set(data, at)
      at += data.byteLength
    }
    target.set(hash('md5', target.subarray(MAGIC.length, end), 'buffer'), end)
    return target
  }
}

/** A field of `length` bytes with its tag and its length. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

/** Strings by number, in the order in which they came. */
class StringTable {
  readonly #indexes = new Map<string, number>()
  bytes = 0

  /** That of a string which is not there yet: the next one. */
  indexOf(text: string): number {
    return this.#indexes.get(text) ?? this.#indexes.size
  }

  bytesToAdd(text: string): number {
    return this.#indexes.has(text) ? 0 : fieldBytes(Buffer.byteLength(text))
  }

  add(text: string, bytes: number): void {
    if (bytes === 0) return
    this.#indexes.set(text, this.#indexes.size)
    this.bytes += bytes
  }

  write(target: Buffer, { tag, at: from }: { readonly tag: number; readonly at: number }): number {
    let at = from
    for (const text of this.#indexes.keys()) {
      target[at++] = tag
      at = writeVarint(target, Buffer.byteLength(text), at)
      at += target.write(text, at)
    }
    return at
  }

  clear(): void {
    this.#indexes.clear()
    this.bytes = 0
  }
}
