import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { onTestFinished } from 'vitest'
import { hashKeyRange, openAggregate } from '../../../connectors/kinesis/aggregation/index.js'
import { type KinesisSinkOptions, kinesisSink } from '../../../connectors/kinesis/index.js'
import type { Sink, SinkWriter } from '../../../core/connector.js'
import { Batch, NO_TIMESTAMP } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import { seededRandom } from '../../../core/random.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
import { Bell } from '../file/support.js'
import { STREAM } from './fixture.js'

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

/** Backoff in a fraction of the time. Everything else is real. */
export function hurriedEnvironment(factor = 20, seed = 1): Environment {
  const system = systemEnvironment()
  return {
    ...system,
    clock: { now: () => system.clock.now(), monotonic: () => system.clock.monotonic() * factor },
    timers: { after: (delayMs, callback) => system.timers.after(delayMs / factor, callback) },
    random: seededRandom(seed),
  }
}

export interface OpenWriter<T> {
  readonly writer: SinkWriter<T>
  readonly metrics: OperatorMetrics
  readonly bell: Bell
  /** As the task does it: what was not taken is offered again when the writer wakes. */
  writeAll(rows: readonly T[]): Promise<void>
}

export async function openWriter<T>(
  sink: Sink<T>,
  options: { readonly environment?: Environment } = {},
): Promise<OpenWriter<T>> {
  const metrics = new OperatorMetrics()
  const bell = new Bell()
  const ignore = (): void => undefined
  const writer = await sink.write({
    operatorId: 'out',
    subtask: { index: 0, parallelism: 1 },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics,
    parameters: {},
    signal: new AbortController().signal,
    environment: options.environment ?? systemEnvironment(),
    lineage: 'lineage',
    generation: 1,
    claimedAt: 0,
    restored: [],
    wake: bell.ring,
  })
  onTestFinished(async () => writer.close())
  return {
    writer,
    metrics,
    bell,
    async writeAll(rows) {
      const batch = batchOf(rows)
      for (let next = writer.write(batch, 0); next < rows.length; next = writer.write(batch, next)) await bell.wait()
    },
  }
}

export function batchOf<T>(rows: readonly T[]): Batch<T> {
  return new Batch(rows, new Array<number>(rows.length).fill(NO_TIMESTAMP))
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
