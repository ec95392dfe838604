import type { GetRecordsCommandOutput, Shard } from '@aws-sdk/client-kinesis'
import type { Environment } from '../../core/environment.js'
import type { ClientLease } from './client.js'
import { ServerClock } from './server-clock.js'
import type { ShardPosition } from './split.js'
import type { StreamName } from './stream-name.js'

export interface StreamSummary {
  readonly arn: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly retentionMs: number
}

export interface ApiOptions {
  readonly environment: Environment
  /** Aborts every call. */
  readonly signal: AbortSignal
  readonly callTimeoutMs: number
}

/** The four calls that polling needs, each made once: they throw what the SDK throws. */
export class KinesisApi {
  readonly serverClock: ServerClock
  readonly #lease: ClientLease
  readonly #options: ApiOptions

  constructor(lease: ClientLease, options: ApiOptions) {
    this.#lease = lease
    this.#options = options
    this.serverClock = new ServerClock(options.environment.clock)
  }

  async describe(stream: StreamName): Promise<StreamSummary> {
    const command = new this.#lease.sdk.DescribeStreamSummaryCommand(stream)
    this.#observeClock(command.middlewareStack)
    const { StreamDescriptionSummary: summary } = await this.#call((options) =>
      this.#lease.client.send(command, options),
    )
    return {
      arn: summary?.StreamARN ?? '',
      createdAt: summary?.StreamCreationTimestamp?.getTime() ?? 0,
      retentionMs: (summary?.RetentionPeriodHours ?? 24) * 3_600_000,
    }
  }

  async listShardsPage(stream: StreamName, token: string | undefined): Promise<{ shards: Shard[]; next?: string }> {
    const command = new this.#lease.sdk.ListShardsCommand(token === undefined ? stream : { NextToken: token })
    const { Shards = [], NextToken } = await this.#call((options) => this.#lease.client.send(command, options))
    return NextToken === undefined ? { shards: Shards } : { shards: Shards, next: NextToken }
  }

  async shardIterator(streamArn: string, shardId: string, position: ShardPosition): Promise<string | undefined> {
    const command = new this.#lease.sdk.GetShardIteratorCommand({
      StreamARN: streamArn,
      ShardId: shardId,
      ...iteratorType(position),
    })
    this.#observeClock(command.middlewareStack)
    return (await this.#call((options) => this.#lease.client.send(command, options))).ShardIterator
  }

  getRecords(streamArn: string, iterator: string, limit: number): Promise<GetRecordsCommandOutput> {
    const input = { StreamARN: streamArn, ShardIterator: iterator, Limit: limit }
    const command = new this.#lease.sdk.GetRecordsCommand(input)
    return this.#call((options) => this.#lease.client.send(command, options))
  }

  /** A silent server must not stop a reader for ever; the limit runs on the job's clock. */
  async #call<R>(send: (options: { abortSignal: AbortSignal }) => Promise<R>): Promise<R> {
    const { environment, signal, callTimeoutMs } = this.#options
    signal.throwIfAborted()
    const controller = new AbortController()
    const abort = (): void => controller.abort(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    let isTimedOut = false
    const cancelTimer = environment.timers.after(callTimeoutMs, () => {
      isTimedOut = true
      controller.abort()
    })
    try {
      return await send({ abortSignal: controller.signal })
    } catch (thrown) {
      if (isTimedOut) throw new DOMException(`no answer within ${callTimeoutMs} ms`, 'TimeoutError')
      throw thrown
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', abort)
    }
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

/** What is used of the SDK's stack: its own type differs from command to command. */
interface MiddlewareStack {
  add(
    middleware: <R extends { readonly response: unknown }, A>(next: (args: A) => Promise<R>) => (args: A) => Promise<R>,
    options: { readonly step: 'deserialize'; readonly name: string; readonly priority: 'low' },
  ): void
}

function iteratorType(position: ShardPosition) {
  switch (position.kind) {
    case 'horizon':
      return { ShardIteratorType: 'TRIM_HORIZON' } as const
    case 'timestamp':
      return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: dateOf(position.timestampMs) } as const
    case 'at':
      return { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber } as const
    case 'after':
      return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber } as const
  }
}

/** A given instant, not the wall clock: only that is forbidden. */
function dateOf(epochMs: number): Date {
  return new Date(epochMs)
}
