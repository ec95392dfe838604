import type { Shard } from '@aws-sdk/client-kinesis'
import { askedEnd, endOf, type KinesisEnd, type KinesisStart, startOf } from './positions.js'
import { type KinesisSplit, splitId } from './split.js'
import { type StreamName, shownStream } from './stream-name.js'

/** What a checkpoint keeps of a stream as a whole. */
export interface StreamState {
  readonly arn: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When the job first read it: what `latest` means. */
  readonly firstStart: FirstStart
  /** Absent: no end was asked for. */
  readonly end?: StreamEnd
  /** Ids of shards that the first listing had and that are not read: they lie before where the job starts. */
  readonly skipped: readonly string[]
}

export interface FirstStart {
  /** No later than it was by the server's clock. */
  readonly earliest: number
  /** No earlier. */
  readonly latest: number
}

export interface StreamEnd {
  /** As `askedEnd` gives it. */
  readonly asked: string
  /** What `tip` means: no earlier than the first start that asked for it. */
  readonly tipMs: number
}

export interface ListedShards {
  /** Everything that the stream still has. */
  readonly shards: readonly Shard[]
  /** What positions are given by. */
  readonly keyOf: (shardId: string) => string
  readonly stream: StreamState
}

/** The time from which on shards are read, where it is one. */
export function startTime(start: KinesisStart, { earliest }: FirstStart): number | undefined {
  if (start === 'latest') return earliest
  return typeof start === 'object' && start.timestamp !== undefined ? Number(start.timestamp) : undefined
}

/**
 * Of a first listing, what lies before the start: shards that had ended by the time from which on is read (which the
 * server knows), and parents of those whose position was given. Performs no I/O.
 * @param fromTime ids of the shards that had not ended by then; undefined: the start is no time
 */
export function skippedShards(
  { shards, keyOf }: Pick<ListedShards, 'shards' | 'keyOf'>,
  start: KinesisStart,
  fromTime: ReadonlySet<string> | undefined,
): readonly string[] {
  const ids = shards.map(({ ShardId }) => ShardId ?? '')
  if (fromTime !== undefined) return ids.filter((id) => !fromTime.has(id))
  if (typeof start === 'string' || start.shards === undefined) return []
  const named = start.shards
  const parents = new Map(shards.map((shard) => [shard.ShardId ?? '', parentsOf(shard)]))
  const skipped = new Set<string>()
  const skip = (shardId: string): void => {
    for (const parent of parents.get(shardId) ?? []) {
      if (skipped.has(parent) || named[keyOf(parent)] !== undefined || !parents.has(parent)) continue
      skipped.add(parent)
      skip(parent)
    }
  }
  for (const id of ids) if (named[keyOf(id)] !== undefined) skip(id)
  return [...skipped]
}

/** How positions name a shard of the stream. */
export function shardKey(streams: readonly StreamName[], stream: StreamName, shardId: string): string {
  return streams.length === 1 ? shardId : `${shownStream(stream)}/${shardId}`
}

/**
 * A shard that a checkpoint has, with the end that this start of the job asks for: one that was first read without
 * an end has none of its own. What an earlier start asked for stays as it was then.
 */
export function withAskedEnd(
  split: KinesisSplit,
  { endAt, streams }: { readonly endAt: KinesisEnd | undefined; readonly streams: readonly StreamName[] },
): KinesisSplit {
  if ((split.endAsked ?? null) === askedEnd(endAt)) return split
  const own = (name: StreamName): boolean =>
    'StreamARN' in name ? name.StreamARN === split.streamArn : split.streamArn.endsWith(`:stream/${name.StreamName}`)
  const stream = streams.find(own) ?? { StreamARN: split.streamArn }
  return { ...split, ...endOf(endAt, shardKey(streams, stream, split.shardId), null) }
}

/** Shards to read that are not known yet. Performs no I/O. */
export function newSplits(
  { shards, keyOf, stream }: ListedShards,
  options: {
    readonly known: ReadonlySet<string>
    /** Later ones follow what was read, so they are read from their beginning. */
    readonly isFirst: boolean
    readonly startAt: KinesisStart
    readonly endAt: KinesisEnd | undefined
  },
): readonly KinesisSplit[] {
  const { known, isFirst, startAt, endAt } = options
  const { arn, createdAt, firstStart, end, skipped } = stream
  const unwanted = new Set(skipped)
  const found: KinesisSplit[] = []
  for (const shard of shards) {
    const shardId = shard.ShardId ?? ''
    const id = splitId(stream, shardId)
    if (known.has(id) || unwanted.has(shardId)) continue
    found.push({
      id,
      streamArn: arn,
      streamCreatedAt: createdAt,
      shardId,
      parents: parentsOf(shard).map((parent) => splitId(stream, parent)),
      hashRange: {
        start: shard.HashKeyRange?.StartingHashKey ?? '0',
        end: shard.HashKeyRange?.EndingHashKey ?? '0',
      },
      position: isFirst ? startOf(startAt, keyOf(shardId), firstStart.earliest) : { kind: 'horizon' },
      ...endOf(endAt, keyOf(shardId), end?.tipMs ?? null),
      readUpTo: null,
    })
  }
  return found
}

function parentsOf({ ParentShardId, AdjacentParentShardId }: Shard): readonly string[] {
  return [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined)
}
