import type { Split } from '../../core/connector.js'

/** A shard, and how far it was read. Identity is the stream's ARN, its creation time and the shard's id, nothing else. */
export interface KinesisSplit extends Split {
  readonly streamArn: string
  /** Epoch milliseconds. Tells a stream from a deleted namesake, whose shards have the same ids. */
  readonly streamCreatedAt: number
  readonly shardId: string
  readonly parents: readonly string[]
  readonly hashRange: HashRange
  readonly position: ShardPosition
  /** Whether the shard had been closed when it was discovered: its children were discovered with it. */
  readonly closed: boolean
  /** Bounded reads: the split ends at the tip, and before the first record that arrived after this time. */
  readonly endsAt: number | null
  /** Nothing that arrived before this time (epoch milliseconds) is left to read. Null: not known. */
  readonly readUpTo: number | null
}

/** Both inclusive, decimal: 128 bits fit no number. */
export interface HashRange {
  readonly start: string
  readonly end: string
}

/** Where reading goes on. Only `after` comes from reading; the others are where a shard starts. */
export type ShardPosition =
  | { readonly kind: 'horizon' }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'at'; readonly sequenceNumber: string }
  | {
      readonly kind: 'after'
      readonly sequenceNumber: string
      /** The last one read of the records inside an aggregated record. Null: the whole record was read. */
      readonly subSequence: number | null
      /** The last one read of the values that this record (or user record) decodes to. Absent: all were read. */
      readonly valueIndex?: number
    }

const HASH_KEYS = 1n << 128n

/** Pure. By the middle of the hash range, so that neighbours lie apart and subtasks get even shares of the keys. */
export function subtaskOfHashRange(range: HashRange, parallelism: number): number {
  const middle = (BigInt(range.start) + BigInt(range.end)) / 2n
  return Number((middle * BigInt(parallelism)) / HASH_KEYS)
}

export function splitId(stream: { readonly arn: string; readonly createdAt: number }, shardId: string): string {
  return `${stream.arn}@${stream.createdAt}/${shardId}`
}
