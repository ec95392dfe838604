import { hash } from 'node:crypto'
import { FieldReader, MALFORMED } from './field-reader.js'
import { explicitHashKeyOf, type HashKey, type HashKeyRange, hashKeyOf, isInRange } from './hash-key.js'
import { KeyTable } from './key-table.js'
import {
  DATA,
  HASH_KEY_INDEX,
  HASH_KEYS,
  MAGIC,
  MD5_BYTES,
  PARTITION_KEY_INDEX,
  PARTITION_KEYS,
  RECORDS,
} from './wire.js'

/** It has the magic number, sound or not. */
export function looksAggregated(data: Uint8Array): boolean {
  return data[0] === MAGIC[0] && data[1] === MAGIC[1] && data[2] === MAGIC[2] && data[3] === MAGIC[3]
}

/**
 * Takes an aggregated record apart. Undefined: its checksum is wrong or its message is none, and it is a plain record.
 * All of it is checked here, so that nothing is given away of a record that turns out to be damaged further on.
 * @param range of the shard; undefined: it has all keys
 */
export function openAggregate(data: Uint8Array, range: HashKeyRange | undefined): Aggregate | undefined {
  const end = data.length - MD5_BYTES
  if (!looksAggregated(data) || end < MAGIC.length) return undefined
  const checksum = hash('md5', data.subarray(MAGIC.length, end), 'buffer')
  for (let index = 0; index < MD5_BYTES; index++) if (checksum[index] !== data[end + index]) return undefined
  const aggregate = new Aggregate(data.subarray(0, end), range)
  return aggregate.check() ? aggregate : undefined
}

/** The index of a user record that has no explicit hash key. */
const NONE = -1

/**
 * The user records of an aggregated record, one after the other. It holds the ranges of its keys, and nothing that
 * grows with the number of user records. Invariant: the message was checked, so what `next` reads is well formed.
 */
export class Aggregate {
  readonly #reader: FieldReader
  readonly #end: number
  readonly #hasAllKeys: boolean
  readonly #partitionKeys: KeyTable
  readonly #hashKeys: KeyTable
  #at = MAGIC.length
  #count = 0
  #index = -1
  #partitionKey = 0
  #hashKey = NONE
  #dataStart = 0
  #dataEnd = 0

  /** @param bytes with the magic number, without the checksum */
  constructor(bytes: Uint8Array, range: HashKeyRange | undefined) {
    const reader = new FieldReader(bytes)
    this.#reader = reader
    this.#end = bytes.length
    this.#hasAllKeys = range === undefined
    const isIn = (key: HashKey | undefined): boolean =>
      range === undefined || (key !== undefined && isInRange(key, range))
    this.#partitionKeys = new KeyTable(reader.bytes, (key) => isIn(hashKeyOf(key)))
    this.#hashKeys = new KeyTable(reader.bytes, (key) => isIn(explicitHashKeyOf(Buffer.from(key).toString())))
  }

  /** User records in it. */
  get count(): number {
    return this.#count
  }

  /** Of the present user record, the sub-sequence number; -1 before the first `next`. */
  get index(): number {
    return this.#index
  }

  /** A view of the record's own bytes. */
  get data(): Uint8Array {
    return this.#reader.bytes.subarray(this.#dataStart, this.#dataEnd)
  }

  get partitionKey(): string {
    return this.#partitionKeys.text(this.#partitionKey)
  }

  get explicitHashKey(): string | undefined {
    return this.#hashKey === NONE ? undefined : this.#hashKeys.text(this.#hashKey)
  }

  /** Whether the present user record belongs to the shard: another one's has been put there too (see aggregator.ts). */
  get isInShard(): boolean {
    if (this.#hasAllKeys) return true
    return this.#hashKey === NONE
      ? this.#partitionKeys.isInside(this.#partitionKey)
      : this.#hashKeys.isInside(this.#hashKey)
  }

  /** Goes to the next user record; false when there is none. */
  next(): boolean {
    const reader = this.#reader
    while (this.#at < this.#end) {
      const tag = reader.varint(this.#at, this.#end)
      const start = reader.value(tag, reader.next, this.#end)
      this.#at = reader.next
      if (tag !== RECORDS) continue
      this.#record(start, this.#at)
      this.#index++
      return true
    }
    return false
  }

  /** Fills the tables. False when anything of the message is not as the format says. */
  check(): boolean {
    const reader = this.#reader
    let highestPartitionKey = NONE
    let highestHashKey = NONE
    for (let at = MAGIC.length; at < this.#end; ) {
      const tag = reader.varint(at, this.#end)
      const start = reader.value(tag, reader.next, this.#end)
      if (start === MALFORMED) return false
      at = reader.next
      if (tag === PARTITION_KEYS) this.#partitionKeys.add(start, at)
      else if (tag === HASH_KEYS) this.#hashKeys.add(start, at)
      else if (tag === RECORDS) {
        if (!this.#record(start, at)) return false
        this.#count++
        highestPartitionKey = Math.max(highestPartitionKey, this.#partitionKey)
        highestHashKey = Math.max(highestHashKey, this.#hashKey)
      }
    }
    if (highestPartitionKey >= this.#partitionKeys.size || highestHashKey >= this.#hashKeys.size) return false
    for (let index = 0; index <= highestHashKey; index++) {
      if (explicitHashKeyOf(this.#hashKeys.text(index)) === undefined) return false
    }
    return true
  }

  /** Reads the message of one record; false when it is none. Of a field that comes twice the last one counts. */
  #record(from: number, to: number): boolean {
    const reader = this.#reader
    let partitionKey = MALFORMED
    let hashKey = NONE
    let dataStart = MALFORMED
    for (let at = from; at < to; at = reader.next) {
      const tag = reader.varint(at, to)
      const valueAt = reader.next
      const start = reader.value(tag, valueAt, to)
      if (start === MALFORMED) return false
      if (tag === DATA) {
        dataStart = start
        this.#dataEnd = reader.next
      } else if (tag === PARTITION_KEY_INDEX) {
        partitionKey = reader.varint(valueAt, to)
        if (partitionKey === MALFORMED) return false
      } else if (tag === HASH_KEY_INDEX) {
        hashKey = reader.varint(valueAt, to)
        if (hashKey === MALFORMED) return false
      }
    }
    this.#partitionKey = partitionKey
    this.#hashKey = hashKey
    this.#dataStart = dataStart
    return partitionKey !== MALFORMED && dataStart !== MALFORMED
  }
}
