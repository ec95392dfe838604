import { createServer } from 'node:http'
import {
  CreateStreamCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis'
import { onTestFinished } from 'vitest'
import { type KinesisOptions, kinesis } from '../../../connectors/kinesis/index.js'
import type { EnumeratorContext, Polled, Source, Split, SplitReader } from '../../../core/connector.js'
import { decodeUtf8 } from '../../../core/decode/index.js'
import type { Environment } from '../../../core/environment.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
import { localKinesisClient } from '../../servers/kinesis/client.js'
import { type LocalKinesis, type LocalKinesisOptions, startLocalKinesis } from '../../servers/kinesis/index.js'
import { listening } from '../../setup/listening.js'

export const STREAM = 'taxi'
/** Of the first shard's metrics. */
export const LABELS = `{stream="${STREAM}",shard="shardId-000000000000"}`

export interface Fixture {
  readonly server: LocalKinesis
  readonly client: KinesisClient
  readonly shards: readonly Shard[]
}

/** A server with one stream, and a client beside the source's own. */
export async function startStream(shardCount = 1, options: LocalKinesisOptions = {}): Promise<Fixture> {
  const server = await startLocalKinesis(options)
  const client = localKinesisClient(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shardCount }))
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: STREAM }))
  return { server, client, shards: Shards }
}

/** Each text is its own partition key. Returns the sequence numbers. */
export async function put(client: KinesisClient, texts: readonly string[]): Promise<string[]> {
  const numbers: string[] = []
  for (let from = 0; from < texts.length; from += 500) {
    const Records = texts
      .slice(from, from + 500)
      .map((text) => ({ Data: Buffer.from(text), PartitionKey: text === '' ? 'empty' : text.slice(-256) }))
    const result = await client.send(new PutRecordsCommand({ StreamName: STREAM, Records }))
    for (const record of result.Records ?? []) numbers.push(record.SequenceNumber ?? '')
  }
  return numbers
}

type Overrides<T> = Partial<KinesisOptions<T>>

/** Fast enough for tests: without the limits of AWS. */
export function textSource(server: { readonly url: string }, options: Overrides<string> = {}): Source<string> {
  return kinesis<string>({
    stream: STREAM,
    startAt: 'horizon',
    endpoint: server.url,
    decode: (bytes) => decodeUtf8(bytes),
    callsPerSecond: Number.POSITIVE_INFINITY,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    pollIntervalMs: 5,
    maxPollIntervalMs: 20,
    ...options,
  } as KinesisOptions<string>) // A spread of partial options loses which of stream and streamArn is given.
}

export interface ContextOptions {
  readonly environment?: Environment
  readonly restored?: unknown
  readonly lineage?: string
  readonly startedAt?: number
}

export function engineContext(options: ContextOptions = {}) {
  const metrics = new OperatorMetrics()
  const warnings: string[] = []
  const ignore = (): void => undefined
  const context: EnumeratorContext = {
    operatorId: 'events',
    subtask: { index: 0, parallelism: 1 },
    logger: { debug: ignore, info: ignore, warn: (message) => warnings.push(message), error: ignore },
    metrics,
    parameters: {},
    signal: new AbortController().signal,
    environment: options.environment ?? systemEnvironment(),
    lineage: options.lineage ?? 'lineage',
    restored: options.restored,
    startedAt: options.startedAt,
  }
  return { context, metrics, warnings }
}

export async function discover(source: Source<unknown>, options: ContextOptions = {}) {
  const enumerator = source.enumerate(engineContext(options).context)
  const splits = await enumerator.discover(new Set())
  return { enumerator, splits }
}

export interface OpenReader<T> {
  readonly reader: SplitReader<T>
  readonly metrics: OperatorMetrics
  readonly warnings: readonly string[]
  /** Polls when the reader wakes, until the condition holds or the reader has finished. */
  until(isDone: () => boolean): Promise<T[]>
  /** Everything polled so far. */
  readonly polled: Polled<T>[]
}

export async function openReader<T>(
  source: Source<T>,
  split: Split,
  options: ContextOptions & { maxRecords?: number } = {},
) {
  const { context, metrics, warnings } = engineContext(options)
  let wake = (): void => undefined
  let awake = new Promise<void>((resolve) => {
    wake = resolve
  })
  const reader = await source.read(split, { ...context, wake: () => wake() })
  onTestFinished(async () => reader.close())
  const polled: Polled<T>[] = []
  const open: OpenReader<T> = {
    reader,
    metrics,
    warnings,
    polled,
    async until(isDone) {
      const values: T[] = []
      for (;;) {
        const next = reader.poll(options.maxRecords ?? 512)
        if (next) {
          polled.push(next)
          for (const value of next.values) values.push(value)
        }
        if (reader.finished || isDone()) return values
        if (next) continue
        await awake
        awake = new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
  return open
}

export async function readAll<T>(source: Source<T>, split: Split, maxRecords = 512): Promise<T[]> {
  return (await openReader(source, split, { maxRecords })).until(() => false)
}

export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

export interface Proxy {
  readonly url: string
  readonly operations: string[]
}

/** What an answer is replaced with; undefined: the server's own. */
export type Fault = (
  operation: string,
  nth: number,
) => { readonly status: number; readonly type: string } | 'drop' | undefined

/** A server in between that fails chosen calls: errors of AWS that a local Kinesis does not make by itself. */
export async function faultyProxy(target: string, fault: Fault): Promise<Proxy> {
  const operations: string[] = []
  const counts = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    operations.push(operation)
    const nth = (counts.get(operation) ?? 0) + 1
    counts.set(operation, nth)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const failure = fault(operation, nth)
    if (failure === 'drop') {
      request.socket.destroy()
      return
    }
    if (failure) {
      response.writeHead(failure.status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify({ __type: failure.type, message: `the proxy says ${failure.type}` }))
      return
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
    ) as Record<string, string>
    const answer = await fetch(target, { method: 'POST', headers, body: Buffer.concat(chunks) })
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  return { url: await listening(server), operations }
}
