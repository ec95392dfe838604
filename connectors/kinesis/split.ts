import type { Split } from '../../core/connector.js'

/** A shard, and how far it was read. Identity is the stream's ARN, its creation time and the shard's id, nothing else. */
export interface KinesisSplit extends Split {
  readonly streamArn: string
  /** Epoch milliseconds. Tells a stream from a deleted namesake, whose shards have the same ids. */
  readonly streamCreatedAt: number
  readonly shardId: string
  /** Ids of splits, as the engine wants them. */
  readonly parents: readonly string[]
  readonly hashRange: HashRange
  readonly position: ShardPosition
  /** Bounded reads: the split ends before the first record that arrived after this time. */
  readonly endsAt: number | null
  /** Bounded reads: and where the reader has caught up, if that is earlier. Without `endsAt` the first answer says when that is. */
  readonly endsAtTip: boolean
  /** Bounded reads: before this record, or behind it. */
  readonly stopAt: StopPosition | null
  /** What the job asked for that these ends are of. Null, or absent: no end. */
  readonly endAsked?: string | null
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

export interface StopPosition {
  readonly kind: 'at' | 'after'
  readonly sequenceNumber: string
}

const HASH_KEYS = 1n << 128n

/** Pure. By the middle of the hash range, so that neighbours lie apart and subtasks get even shares of the keys. */
export function subtaskOfHashRange(range: HashRange, parallelism: number): number {
  const middle = (BigInt(range.start) + BigInt(range.end)) / 2n
  return Number((middle * BigInt(parallelism)) / HASH_KEYS)
}

/** Whether a record is no longer to be read. Sequence numbers are decimal, without leading zeros. */
export function isBeyond({ kind, sequenceNumber: stop }: StopPosition, sequenceNumber: string): boolean {
  const difference = sequenceNumber.length - stop.length || (sequenceNumber < stop ? -1 : sequenceNumber > stop ? 1 : 0)
  return kind === 'at' ? difference >= 0 : difference > 0
}

export function splitId(stream: { readonly arn: string; readonly createdAt: number }, shardId: string): string {
  return `${stream.arn}@${stream.createdAt}/${shardId}`
}
