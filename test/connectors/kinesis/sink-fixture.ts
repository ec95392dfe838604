import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { hashKeyRange, openAggregate } from '../../../connectors/kinesis/aggregation/index.js'
import { type KinesisSinkOptions, kinesisSink } from '../../../connectors/kinesis/index.js'
import type { Sink } from '../../../core/connector.js'
import { STREAM } from './fixture.js'

export { batchOf, hurriedEnvironment, openWriter } from '../batching/open-writer.js'

/** What most tests write. */
export interface Row {
  readonly key: string
  readonly n: number
}

export function rowSink(server: { readonly url: string }, options: Partial<KinesisSinkOptions<Row>> = {}): Sink<Row> {
  return kinesisSink<Row>({
    stream: STREAM,
    endpoint: server.url,
    partitionKey: (row) => row.key,
    encode: (row) => JSON.stringify(row),
    maxDelayMs: 5,
    // However slow the machine is, and hurried the clock: only what a test makes fail fails.
    callTimeoutMs: 600_000,
    retryForMs: 600_000,
    ...options,
  } as KinesisSinkOptions<Row>) // A spread of partial options loses which of the alternatives it is.
}

export function rowsOf(count: number, keys = 10): Row[] {
  return Array.from({ length: count }, (_, n) => ({ key: `key-${n % keys}`, n }))
}

export interface StoredRecord {
  readonly shardId: string
  readonly partitionKey: string
  readonly text: string
}

/** Everything in the stream, shard after shard, in each as it came; aggregated records taken apart as a consumer does it. */
export async function storedIn(client: KinesisClient, stream = STREAM): Promise<StoredRecord[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }))
  const found: StoredRecord[] = []
  for (const { ShardId: shardId = '', HashKeyRange: range } of Shards) {
    const hashKeys = hashKeyRange({ start: range?.StartingHashKey ?? '', end: range?.EndingHashKey ?? '' })
    const first = await client.send(
      new GetShardIteratorCommand({ StreamName: stream, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    let iterator = first.ShardIterator
    while (iterator !== undefined) {
      const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 10_000 }))
      for (const { Data: data = new Uint8Array(), PartitionKey: partitionKey = '' } of answer.Records ?? []) {
        const aggregate = openAggregate(data, hashKeys)
        if (aggregate === undefined) {
          found.push({ shardId, partitionKey, text: Buffer.from(data).toString() })
          continue
        }
        while (aggregate.next()) {
          const { partitionKey: key, data: part, isInShard } = aggregate
          if (isInShard) found.push({ shardId, partitionKey: key, text: Buffer.from(part).toString() })
        }
      }
      const isAtTip = (answer.MillisBehindLatest ?? 0) === 0
      iterator = isAtTip ? undefined : answer.NextShardIterator
    }
  }
  return found
}

export function rowsIn(records: readonly StoredRecord[]): Row[] {
  return records.map(({ text }) => JSON.parse(text) as Row)
}

/** The numbers of each key, in the order in which a consumer of its shard sees them. */
export function numbersByKey(rows: readonly Row[]): Map<string, number[]> {
  const byKey = new Map<string, number[]>()
  for (const { key, n } of rows) byKey.set(key, [...(byKey.get(key) ?? []), n])
  return byKey
}
