import { hash } from 'node:crypto'

/** Both ends inclusive, within 0 .. 2^128 - 1. */
export interface HashRange {
  readonly start: bigint
  readonly end: bigint
}

const HASH_SPACE = 1n << 128n

/** Even ranges; the last one takes what the division leaves over. */
export function evenHashRanges(count: number): readonly HashRange[] {
  const size = HASH_SPACE / BigInt(count)
  return Array.from({ length: count }, (_, index) => ({
    start: size * BigInt(index),
    end: index === count - 1 ? HASH_SPACE - 1n : size * BigInt(index + 1) - 1n,
  }))
}

/** A hash key as 32 hex digits, the form in which MD5 comes cheapest and text order is numeric order. */
export function hashKeyOfPartitionKey(partitionKey: string): string {
  return hash('md5', partitionKey)
}

/** The same form of an ExplicitHashKey in decimal; `undefined` beyond 2^128 - 1. */
export function hashKeyOfDecimal(decimal: string): string | undefined {
  const value = BigInt(decimal)
  return value < HASH_SPACE ? hexHashKey(value) : undefined
}

export function hexHashKey(value: bigint): string {
  return value.toString(16).padStart(32, '0')
}

export interface HashRangeOwner {
  readonly hashRange: HashRange
}

/** Routes a hash key to the owner of its range. The owners' ranges must cover the whole space without overlap. */
export function hashRouter<T extends HashRangeOwner>(owners: readonly T[]): (hashKey: string) => T {
  const sorted = [...owners].sort((a, b) => (a.hashRange.start < b.hashRange.start ? -1 : 1))
  const starts = sorted.map((owner) => hexHashKey(owner.hashRange.start))
  return (hashKey) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (starts[middle]! <= hashKey) low = middle
      else high = middle - 1
    }
    return sorted[low]!
  }
}
