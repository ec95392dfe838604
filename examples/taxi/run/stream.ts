import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'

/**
 * A replay counts on being alone in its stream: what lies there already would be counted with it.
 * @throws TidemarkError TAXI_STREAM_NOT_EMPTY
 */
export async function requireEmptyStream(client: KinesisClient, stream: string): Promise<void> {
  for (const shard of await shardsOf(client, stream)) {
    if (await isEmpty(client, stream, shard)) continue
    throw new TidemarkError({
      code: 'TAXI_STREAM_NOT_EMPTY',
      domain: 'user',
      message: `stream '${stream}' holds records already: give --no-replay to read them, or another --stream to replay into`,
    })
  }
}

async function shardsOf(client: KinesisClient, stream: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let next: string | undefined
  do {
    const page = await client.send(
      new ListShardsCommand(next === undefined ? { StreamName: stream } : { NextToken: next }),
    )
    shards.push(...(page.Shards ?? []))
    next = page.NextToken
  } while (next !== undefined)
  return shards
}

async function isEmpty(client: KinesisClient, stream: string, shard: Shard): Promise<boolean> {
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  let iterator = ShardIterator
  // A read may return nothing and still be behind: only the tip says that nothing is there.
  while (iterator !== undefined) {
    const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }))
    if ((page.Records?.length ?? 0) > 0) return false
    if ((page.MillisBehindLatest ?? 0) === 0) return true
    iterator = page.NextShardIterator
  }
  return true
}
