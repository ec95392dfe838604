import { type KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { backoffMs, pause, type ReplayEnvironment } from './environment.js'
import { kindOfFailure, kinesisError } from './failure.js'
import { countOf, type Outgoing } from './outgoing.js'
import type { Shards } from './shards.js'

export interface PutContext {
  readonly client: KinesisClient
  readonly stream: string
  readonly environment: ReplayEnvironment
  readonly signal: AbortSignal
  /** How long one flight may go without any of its records being acknowledged. */
  readonly giveUpMs: number
  readonly counts: PutCounts
}

/** Of trips or of markers: an aggregated record counts as what it holds. */
export interface PutCounts {
  acknowledged: number
  /** Refused for a moment (throttled, or failed inside of Kinesis) and sent again. */
  retried: number
  /** Sent again because the answer got lost: Kinesis may have them twice. */
  uncertain: number
  /** Sent again because the stream was resharded: their aggregated record landed where nobody would have read them. */
  strayed: number
}

export const noCounts = (): PutCounts => ({ acknowledged: 0, retried: 0, uncertain: 0, strayed: 0 })

/** Of one PutRecords call. */
export const MAX_RECORDS = 500

/** Records that are put together, one call after the other; they leave it as they are acknowledged. */
export class Flight {
  /** The shards in which its records have landed. */
  readonly landedIn = new Set<string>()
  private readonly context: PutContext
  private readonly shards: Shards
  private outgoing: readonly Outgoing[]

  constructor(outgoing: readonly Outgoing[], { context, shards }: { context: PutContext; shards: Shards }) {
    this.context = context
    this.shards = shards
    this.outgoing = outgoing
  }

  /** Event time of the oldest record that is not acknowledged, Infinity if all are. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { time } of this.outgoing) if (time < oldest) oldest = time
    return oldest
  }

  /**
   * Resolves when every record is acknowledged.
   * @throws TidemarkError if Kinesis refuses the call, or acknowledges nothing for `giveUpMs`
   */
  async put(): Promise<void> {
    const { environment, giveUpMs, signal } = this.context
    let lastProgressAt = environment.clock.monotonic()
    for (let attempt = 0; this.outgoing.length > 0; ) {
      const { stored, failure } = await this.putOnce()
      if (stored > 0) {
        attempt = 0
        lastProgressAt = environment.clock.monotonic()
      } else if (environment.clock.monotonic() - lastProgressAt >= giveUpMs) {
        throw kinesisError(`stream '${this.context.stream}' took no record for ${giveUpMs / 1000} s`, failure)
      }
      if (failure === undefined) continue
      await pause(environment, backoffMs(environment, attempt++), signal)
    }
  }

  /** Gives how many records were stored, and the reason if some were not. */
  private async putOnce(): Promise<{ readonly stored: number; readonly failure: unknown }> {
    const { client, stream, counts, signal } = this.context
    const sent = this.outgoing.slice(0, MAX_RECORDS)
    const Records = sent.map(({ entry }) => entry)
    let results: readonly PutRecordsResultEntry[]
    try {
      const answer = await client.send(new PutRecordsCommand({ StreamName: stream, Records }), { abortSignal: signal })
      results = answer.Records ?? []
    } catch (thrown) {
      signal.throwIfAborted()
      const kind = kindOfFailure(thrown)
      if (kind === 'refused') throw kinesisError(`stream '${stream}' takes no records`, thrown)
      counts[kind === 'throttled' ? 'retried' : 'uncertain'] += sum(sent)
      return { stored: 0, failure: thrown }
    }
    const isFailed = (index: number): boolean => results[index]?.ShardId === undefined
    const failed = sent.filter((_, index) => isFailed(index))
    const strays = await this.straysOf(sent, results)
    counts.acknowledged += sum(sent) - sum(failed) - strays.length
    counts.retried += sum(failed)
    counts.strayed += strays.length
    this.outgoing = [...failed, ...strays, ...this.outgoing.slice(sent.length)]
    const first = results.find(({ ErrorCode }) => ErrorCode !== undefined)
    return { stored: sent.length - failed.length, failure: failed.length === 0 ? undefined : partialFailure(first) }
  }

  /** What a reader will not take from where it landed. Until they are known, nothing counts as acknowledged. */
  private async straysOf(
    sent: readonly Outgoing[],
    results: readonly PutRecordsResultEntry[],
  ): Promise<readonly Outgoing[]> {
    const strays: Outgoing[] = []
    for (const [index, { packed }] of sent.entries()) {
      const shardId = results[index]?.ShardId
      if (shardId === undefined) continue
      this.landedIn.add(shardId)
      this.shards.saw(shardId)
      if (packed === undefined || packed.shardId === shardId) continue
      await this.shards.learn(shardId)
      for (const { hashKey, plain } of packed.parts) if (!this.shards.contains(shardId, hashKey)) strays.push(plain)
    }
    return strays
  }
}

const sum = (outgoing: readonly Outgoing[]): number => outgoing.reduce((total, each) => total + countOf(each), 0)

function partialFailure(result: PutRecordsResultEntry | undefined): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_RECORD_FAILED',
    domain: 'connector',
    message: `${result?.ErrorCode ?? 'no result'}: ${result?.ErrorMessage ?? 'no message'}`,
    retryable: true,
  })
}
