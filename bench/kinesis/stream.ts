import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CreateStreamCommand, KinesisClient, ListShardsCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'

const RECORDS_PER_PUT = 500
const HASH_KEYS = 1n << 128n

export interface Server {
  readonly url: string
  readonly client: KinesisClient
  close(): void
}

export async function startServer(): Promise<Server> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./server.ts', import.meta.url)))
  const [url] = (await once(child, 'message')) as [string]
  const client = new KinesisClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
  return {
    url,
    client,
    close() {
      client.destroy()
      child.disconnect()
    },
  }
}

export interface Stream {
  readonly name: string
  readonly arn: string
  readonly shardIds: readonly string[]
  readonly records: number
}

/** A stream whose shards hold the same number of records, all of one size. */
export async function fillStream(
  { client }: Server,
  { shards, records, bytes }: { readonly shards: number; readonly records: number; readonly bytes: number },
): Promise<Stream> {
  const name = `bench-${shards}`
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
  const hashKeys = Array.from({ length: shards }, (_, shard) => String((HASH_KEYS * BigInt(shard)) / BigInt(shards)))
  const data = Buffer.alloc(bytes, 'x')
  const puts = Math.floor(records / RECORDS_PER_PUT)
  for (let put = 0; put < puts; put++) {
    const Records = Array.from({ length: RECORDS_PER_PUT }, (_, index) => ({
      Data: data,
      PartitionKey: `ride-${index}`,
      ExplicitHashKey: hashKeys[index % shards],
    }))
    await client.send(new PutRecordsCommand({ StreamName: name, Records }))
  }
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }))
  return {
    name,
    arn: `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`,
    shardIds: Shards.map(({ ShardId = '' }) => ShardId),
    records: puts * RECORDS_PER_PUT,
  }
}
