import {
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'

export interface Load {
  readonly records: number
  readonly recordBytes: number
  readonly shards: number
}

const BATCH = 500
const IN_FLIGHT = 8
const PAGE = 10_000
const STREAM_ARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/'

/** The SDK's client, HTTP/1.1: the faster of the two. */
export function clientOf(url: string): KinesisClient {
  return new KinesisClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
}

export const createStream = (client: KinesisClient, StreamName: string, { shards }: Load): Promise<unknown> =>
  client.send(new CreateStreamCommand({ StreamName, ShardCount: shards }))

export const deleteStream = (client: KinesisClient, StreamName: string): Promise<unknown> =>
  client.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }))

/** Full batches, some of them in flight. Returns how many records were taken. */
export async function put(client: KinesisClient, StreamName: string, { records, recordBytes }: Load): Promise<number> {
  const Data = Buffer.alloc(recordBytes, 'x')
  let [next, taken] = [0, 0]
  const writer = async (): Promise<void> => {
    while (next < records) {
      const first = next
      next += BATCH
      const Records = Array.from({ length: BATCH }, (_, index) => ({ Data, PartitionKey: `key-${first + index}` }))
      const { FailedRecordCount = 0 } = await client.send(new PutRecordsCommand({ StreamName, Records }))
      taken += BATCH - FailedRecordCount
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer))
  return taken
}

/** GetRecords in a bare loop, all shards at once, until so many have come. */
export async function get(client: KinesisClient, StreamName: string, { records, shards }: Load): Promise<number> {
  let got = 0
  const reader = async (_: unknown, shard: number): Promise<void> => {
    const ShardId = shardId(shard)
    const first = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    )
    for (let next = first.ShardIterator; next !== undefined && got < records; ) {
      const { Records = [], NextShardIterator } = await client.send(
        new GetRecordsCommand({ ShardIterator: next, Limit: PAGE }),
      )
      got += Records.length
      next = NextShardIterator
    }
  }
  await Promise.all(Array.from({ length: shards }, reader))
  return got
}

/** SubscribeToShard of all shards at once, until so many have come. */
export async function subscribe(client: KinesisClient, StreamName: string, { records, shards }: Load): Promise<number> {
  const StreamARN = STREAM_ARN + StreamName
  const ConsumerName = `bench-${consumers++}`
  const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }))
  const leaving = new AbortController()
  let got = 0
  const reader = async (_: unknown, shard: number): Promise<void> => {
    const { EventStream } = await client.send(
      new SubscribeToShardCommand({
        ConsumerARN: Consumer?.ConsumerARN,
        ShardId: shardId(shard),
        StartingPosition: { Type: 'TRIM_HORIZON' },
      }),
      { abortSignal: leaving.signal },
    )
    try {
      for await (const { SubscribeToShardEvent } of EventStream ?? []) {
        got += SubscribeToShardEvent?.Records?.length ?? 0
        if (got >= records) leaving.abort()
      }
    } catch (thrown) {
      if (!leaving.signal.aborted) throw thrown
    }
  }
  await Promise.all(Array.from({ length: shards }, reader))
  return got
}

let consumers = 0

function shardId(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`
}
