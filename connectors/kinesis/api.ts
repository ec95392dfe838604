import type {
  ConsumerStatus,
  GetRecordsCommandOutput,
  Shard,
  SubscribeToShardEventStream,
} from '@aws-sdk/client-kinesis'
import { type CallOptions, timedCall } from '../batching/timed-call.js'
import type { ClientLease } from './client.js'
import { ServerClock } from './server-clock.js'
import type { ShardPosition } from './split.js'
import { type StartingPosition, startingPosition } from './starting-position.js'
import type { StreamName } from './stream-name.js'

export interface StreamSummary {
  readonly arn: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly retentionMs: number
}

/** Only shards that are open, or ended at this time (epoch milliseconds) or later. */
export interface ShardFilter {
  readonly since: number
}

export type ConsumerKey =
  | { readonly ConsumerARN: string }
  | { readonly StreamARN: string; readonly ConsumerName: string }

export interface ConsumerSummary {
  readonly arn: string
  readonly streamArn: string
  readonly status: ConsumerStatus | undefined
}

export interface SubscribeRequest {
  readonly consumerArn: string
  readonly shardId: string
  readonly start: StartingPosition
}

export type FanOutEvent = SubscribeToShardEventStream

const NO_EVENTS: AsyncIterable<FanOutEvent> = {
  async *[Symbol.asyncIterator]() {},
}

/** The calls that reading a stream needs, each made once: they throw what the SDK throws. */
export class KinesisApi {
  readonly serverClock: ServerClock
  readonly #lease: ClientLease
  readonly #options: CallOptions

  constructor(lease: ClientLease, options: CallOptions) {
    this.#lease = lease
    this.#options = options
    this.serverClock = new ServerClock(options.environment.clock)
  }

  async describe(stream: StreamName): Promise<StreamSummary> {
    const command = new this.#lease.sdk.DescribeStreamSummaryCommand(stream)
    this.#observeClock(command.middlewareStack)
    const { StreamDescriptionSummary: summary } = await timedCall(this.#options, (options) =>
      this.#lease.client.send(command, options),
    )
    return {
      arn: summary?.StreamARN ?? '',
      createdAt: summary?.StreamCreationTimestamp?.getTime() ?? 0,
      retentionMs: (summary?.RetentionPeriodHours ?? 24) * 3_600_000,
    }
  }

  async listShardsPage(
    stream: StreamName,
    token: string | undefined,
    filter?: ShardFilter,
  ): Promise<{ shards: Shard[]; next?: string }> {
    const first = { ...stream, ...(filter && { ShardFilter: shardFilter(filter.since) }) }
    const command = new this.#lease.sdk.ListShardsCommand(token === undefined ? first : { NextToken: token })
    const { Shards = [], NextToken } = await timedCall(this.#options, (options) =>
      this.#lease.client.send(command, options),
    )
    return NextToken === undefined ? { shards: Shards } : { shards: Shards, next: NextToken }
  }

  async shardIterator(streamArn: string, shardId: string, position: ShardPosition): Promise<string | undefined> {
    const start = startingPosition(position)
    const command = new this.#lease.sdk.GetShardIteratorCommand({
      StreamARN: streamArn,
      ShardId: shardId,
      ShardIteratorType: start.type,
      ...('sequenceNumber' in start && { StartingSequenceNumber: start.sequenceNumber }),
      ...('timestamp' in start && { Timestamp: start.timestamp }),
    })
    this.#observeClock(command.middlewareStack)
    return (await timedCall(this.#options, (options) => this.#lease.client.send(command, options))).ShardIterator
  }

  getRecords(streamArn: string, iterator: string, limit: number): Promise<GetRecordsCommandOutput> {
    const input = { StreamARN: streamArn, ShardIterator: iterator, Limit: limit }
    const command = new this.#lease.sdk.GetRecordsCommand(input)
    return timedCall(this.#options, (options) => this.#lease.client.send(command, options))
  }

  /** Returns its ARN, before it is ACTIVE. */
  async registerConsumer(streamArn: string, name: string): Promise<string> {
    const command = new this.#lease.sdk.RegisterStreamConsumerCommand({ StreamARN: streamArn, ConsumerName: name })
    const { Consumer } = await timedCall(this.#options, (options) => this.#lease.client.send(command, options))
    return Consumer?.ConsumerARN ?? ''
  }

  /** @param consumer its ARN, or its name and its stream */
  async describeConsumer(consumer: ConsumerKey): Promise<ConsumerSummary> {
    const command = new this.#lease.sdk.DescribeStreamConsumerCommand(consumer)
    const { ConsumerDescription: found } = await timedCall(this.#options, (options) =>
      this.#lease.client.send(command, options),
    )
    return { arn: found?.ConsumerARN ?? '', streamArn: found?.StreamARN ?? '', status: found?.ConsumerStatus }
  }

  async deregisterConsumer(consumerArn: string): Promise<void> {
    const command = new this.#lease.sdk.DeregisterStreamConsumerCommand({ ConsumerARN: consumerArn })
    await timedCall(this.#options, (options) => this.#lease.client.send(command, options))
  }

  /** @param controller ends the subscription, whenever it is aborted */
  async subscribe(request: SubscribeRequest, controller: AbortController): Promise<AsyncIterable<FanOutEvent>> {
    const { consumerArn, shardId, start } = request
    const command = new this.#lease.sdk.SubscribeToShardCommand({
      ConsumerARN: consumerArn,
      ShardId: shardId,
      StartingPosition: {
        Type: start.type,
        ...('sequenceNumber' in start && { SequenceNumber: start.sequenceNumber }),
        ...('timestamp' in start && { Timestamp: start.timestamp }),
      },
    })
    this.#observeClock(command.middlewareStack)
    const send = (options: { abortSignal: AbortSignal }) => this.#lease.client.send(command, options)
    return (await timedCall(this.#options, send, controller)).EventStream ?? NO_EVENTS
  }

  #observeClock(stack: MiddlewareStack): void {
    stack.add(
      (next) => async (args) => {
        const result = await next(args)
        const { headers } = (result.response ?? {}) as { readonly headers?: Readonly<Record<string, string>> }
        this.serverClock.observe(headers?.['date'])
        return result
      },
      { step: 'deserialize', name: 'tidemarkServerClock', priority: 'low' },
    )
  }
}

function shardFilter(since: number) {
  // A given instant, not the wall clock: only that is forbidden.
  return { Type: 'FROM_TIMESTAMP', Timestamp: new Date(since) } as const
}

/** What is used of the SDK's stack: its own type differs from command to command. */
interface MiddlewareStack {
  add(
    middleware: <R extends { readonly response: unknown }, A>(next: (args: A) => Promise<R>) => (args: A) => Promise<R>,
    options: { readonly step: 'deserialize'; readonly name: string; readonly priority: 'low' },
  ): void
}
