import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import type { HashKey } from 'tidemark/kinesis'

/** A record on its way, with the event time that a marker must not pass while it is. */
export interface Outgoing {
  readonly entry: PutRecordsRequestEntry
  /** Of an aggregated record that of its oldest part. */
  readonly time: number
  readonly packed?: Packed
}

/** What an aggregated record holds. A reader takes from it only what belongs to the shard in which it lies. */
export interface Packed {
  /** The shard that it is meant for. */
  readonly shardId: string
  readonly parts: readonly Part[]
}

export interface Part {
  readonly hashKey: HashKey
  /** To be put as a record of its own, where the aggregated one has landed in another shard. */
  readonly plain: Outgoing
}

/** How many trips, or markers, it stands for. */
export const countOf = ({ packed }: Outgoing): number => packed?.parts.length ?? 1
