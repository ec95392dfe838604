import { type KinesisClient, ListShardsCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { STREAM } from './fixture.js'

export interface OpenShard {
  readonly id: string
  readonly start: bigint
  readonly end: bigint
}

/** By hash range. */
export async function openShards(client: KinesisClient, stream = STREAM): Promise<OpenShard[]> {
  const open: OpenShard[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName: stream }))
    for (const { ShardId, HashKeyRange, SequenceNumberRange } of page.Shards ?? []) {
      if (SequenceNumberRange?.EndingSequenceNumber !== undefined) continue
      const { StartingHashKey = '0', EndingHashKey = '0' } = HashKeyRange ?? {}
      open.push({ id: ShardId ?? '', start: BigInt(StartingHashKey), end: BigInt(EndingHashKey) })
    }
    NextToken = page.NextToken
  } while (NextToken)
  return open.sort((a, b) => (a.start < b.start ? -1 : 1))
}

/** In the middle, or at a share of its range. */
export async function splitShard(
  client: KinesisClient,
  shard: OpenShard,
  { at = 0.5, stream = STREAM }: { readonly at?: number; readonly stream?: string } = {},
): Promise<void> {
  const hash = shard.start + ((shard.end - shard.start) * BigInt(Math.round(at * 1000))) / 1000n + 1n
  const NewStartingHashKey = hash.toString()
  await client.send(new SplitShardCommand({ StreamName: stream, ShardToSplit: shard.id, NewStartingHashKey }))
}

export async function mergeShards(
  client: KinesisClient,
  [lower, upper]: readonly [OpenShard, OpenShard],
  stream = STREAM,
): Promise<void> {
  const AdjacentShardToMerge = upper.id
  await client.send(new MergeShardsCommand({ StreamName: stream, ShardToMerge: lower.id, AdjacentShardToMerge }))
}
