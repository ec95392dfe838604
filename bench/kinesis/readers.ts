import {
  DescribeStreamConsumerCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis'
import { defineJob, noWatermarks } from 'tidemark'
import { kinesis } from 'tidemark/kinesis'
import { run } from 'tidemark/run'
import { counting } from '../plain-sinks.js'
import type { Server, Stream } from './stream.js'

/** What one GetRecords asks for: as the source does by default. */
const RECORDS_PER_CALL = 5000
const CONSUMER = 'bench'

/** The stream through the source, into a sink that counts. Returns how many came. */
export async function throughSource(
  { url }: Server,
  { name }: Stream,
  options: { readonly fanOut: boolean },
): Promise<number> {
  const rows = counting<number>()
  const job = defineJob('bench', (job) => {
    const source = kinesis({
      stream: name,
      endpoint: url,
      startAt: 'horizon',
      endAt: 'tip',
      decode: (bytes) => bytes.byteLength,
      callsPerSecond: Number.POSITIVE_INFINITY,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      ...(options.fanOut && { fanOut: { consumerName: CONSUMER, deregister: 'never' } }),
    })
    job.from('records', source, noWatermarks()).to('rows', rows)
  })
  await (await run(job)).result
  return rows.rows
}

/** The SDK's client in a loop for each shard, and nothing else. */
export async function bareGetRecords(server: Server, stream: Stream): Promise<number> {
  const counts = await Promise.all(stream.shardIds.map((shardId) => pollShard(server, stream, shardId)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function pollShard({ client }: Server, { arn }: Stream, shardId: string): Promise<number> {
  const start = { StreamARN: arn, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' } as const
  let { ShardIterator: iterator } = await client.send(new GetShardIteratorCommand(start))
  let count = 0
  for (;;) {
    const input = { StreamARN: arn, ShardIterator: iterator, Limit: RECORDS_PER_CALL }
    const { Records = [], NextShardIterator, MillisBehindLatest } = await client.send(new GetRecordsCommand(input))
    for (const { Data } of Records) if (Data !== undefined) count++
    if (MillisBehindLatest === 0 && Records.length === 0) return count
    iterator = NextShardIterator
  }
}

export async function bareSubscribeToShard(server: Server, stream: Stream): Promise<number> {
  const consumerArn = await consumerOf(server, stream)
  const counts = await Promise.all(stream.shardIds.map((shardId) => subscribe(server, consumerArn, shardId)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function consumerOf({ client }: Server, { arn }: Stream): Promise<string> {
  const consumer = { StreamARN: arn, ConsumerName: 'bare' }
  const found = await client.send(new DescribeStreamConsumerCommand(consumer)).catch(() => undefined)
  if (found?.ConsumerDescription?.ConsumerARN) return found.ConsumerDescription.ConsumerARN
  const { Consumer } = await client.send(new RegisterStreamConsumerCommand(consumer))
  return Consumer?.ConsumerARN ?? ''
}

async function subscribe({ client }: Server, consumerArn: string, shardId: string): Promise<number> {
  const abort = new AbortController()
  const input = { ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: { Type: 'TRIM_HORIZON' } as const }
  const { EventStream } = await client.send(new SubscribeToShardCommand(input), { abortSignal: abort.signal })
  let count = 0
  for await (const { SubscribeToShardEvent: event } of EventStream ?? []) {
    for (const { Data } of event?.Records ?? []) if (Data !== undefined) count++
    if (event?.MillisBehindLatest === 0) break
  }
  abort.abort()
  return count
}
