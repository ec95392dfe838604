import {
  CreateStreamCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type Shard,
} from '@aws-sdk/client-kinesis'
import { onTestFinished, vi } from 'vitest'
import type { Environment } from '../../../../core/environment.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { localKinesisClient } from '../client.js'
import { type LocalKinesis, type LocalKinesisOptions, startLocalKinesis } from '../index.js'

/** A clock that stands still until a test moves it. Everything else is real. */
export interface ManualClock {
  readonly environment: Environment
  nowMs: number
}

export const START_MS = Date.UTC(2026, 0, 5, 12)

export function manualClock(): ManualClock {
  let monotonicMs = START_MS
  const monotonic = (): number => {
    monotonicMs = Math.max(monotonicMs, clock.nowMs)
    return monotonicMs
  }
  const clock: ManualClock = {
    nowMs: START_MS,
    environment: {
      ...systemEnvironment(),
      clock: { now: () => clock.nowMs, monotonic },
    },
  }
  return clock
}

export interface Started {
  readonly server: LocalKinesis
  readonly client: KinesisClient
}

/** A server and the real client for it, both closed when the test ends. */
export async function start(options: LocalKinesisOptions = {}): Promise<Started> {
  const server = await startLocalKinesis(options)
  const client = localKinesisClient(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  return { server, client }
}

export async function createStream(client: KinesisClient, name: string, shardCount: number): Promise<readonly Shard[]> {
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shardCount }))
  return listShards(client, name)
}

export async function listShards(client: KinesisClient, name: string): Promise<readonly Shard[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }))
  return Shards
}

/** One PutRecords of texts, each its own partition key unless one is given. Returns the sequence numbers. */
export async function put(
  client: KinesisClient,
  name: string,
  texts: readonly string[],
  partitionKey?: string,
): Promise<readonly string[]> {
  const entries = texts.map((text): PutRecordsRequestEntry => {
    return { Data: Buffer.from(text), PartitionKey: partitionKey ?? text }
  })
  const { Records = [] } = await client.send(new PutRecordsCommand({ StreamName: name, Records: entries }))
  return Records.map((record) => record.SequenceNumber ?? `${record.ErrorCode}`)
}

export async function iterator(
  client: KinesisClient,
  input: Partial<GetShardIteratorCommandInput> & Pick<GetShardIteratorCommandInput, 'StreamName'>,
): Promise<string> {
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON', ...input }),
  )
  return ShardIterator ?? ''
}

export function get(client: KinesisClient, shardIterator: string, limit?: number): Promise<GetRecordsCommandOutput> {
  return client.send(
    new GetRecordsCommand({ ShardIterator: shardIterator, ...(limit === undefined ? {} : { Limit: limit }) }),
  )
}

/** What an iterator reads in one call, as text. */
export async function texts(client: KinesisClient, shardIterator: string): Promise<readonly string[]> {
  return textsOf(await get(client, shardIterator))
}

export function textsOf(output: GetRecordsCommandOutput): readonly string[] {
  return (output.Records ?? []).map((record) => Buffer.from(record.Data ?? []).toString())
}

/** The name of the error that the client throws, as user code sees it. */
export async function errorOf(call: Promise<unknown>): Promise<{ readonly name: string; readonly message: string }> {
  const outcome = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(outcome instanceof Error)) return { name: 'nothing was thrown', message: '' }
  return { name: outcome.name, message: outcome.message }
}

/** Until what is expected holds, however slow the machine is. */
export function eventually(expected: () => void): Promise<void> {
  return vi.waitFor(expected, { timeout: 25_000, interval: 5 })
}
