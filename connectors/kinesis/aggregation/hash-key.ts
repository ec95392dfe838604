import { hash } from 'node:crypto'
import type { HashRange } from '../split.js'

const DIGITS = 32
const DECIMAL = /^\d{1,39}$/
const HASH_KEYS = 1n << 128n

/** 32 hexadecimal digits: they sort as the 128-bit number does, and cost less than one. */
export type HashKey = string

/** Where Kinesis puts a record with this partition key and without an explicit hash key. */
export function hashKeyOf(partitionKey: string | Uint8Array): HashKey {
  return hash('md5', partitionKey, 'hex')
}

/** Undefined when it is no decimal number of 128 bits. */
export function explicitHashKeyOf(decimal: string): HashKey | undefined {
  if (!DECIMAL.test(decimal)) return undefined
  const value = BigInt(decimal)
  return value < HASH_KEYS ? hexOf(value) : undefined
}

/** Both ends inclusive. */
export interface HashKeyRange {
  readonly start: HashKey
  readonly end: HashKey
}

export function hashKeyRange({ start, end }: HashRange): HashKeyRange {
  return { start: hexOf(BigInt(start)), end: hexOf(BigInt(end)) }
}

/** Every hash key lies in it. */
export function isWholeRange({ start, end }: HashKeyRange): boolean {
  return /^0+$/.test(start) && /^f+$/.test(end)
}

export function isInRange(key: HashKey, { start, end }: HashKeyRange): boolean {
  return key >= start && key <= end
}

function hexOf(value: bigint): HashKey {
  return value.toString(16).padStart(DIGITS, '0')
}
