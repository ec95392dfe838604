import type { Shard } from '@aws-sdk/client-kinesis'
import type { EnumeratorContext, Split, SplitEnumerator } from '../../core/connector.js'
import { sleep } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import { KinesisApi, type StreamSummary } from './api.js'
import type { ClientLease, SharedClient } from './client.js'
import { resharded } from './errors.js'
import { ConsumerRegistration, type RegistrationState } from './fan-out/registration.js'
import type { KinesisSettings } from './options.js'
import { Retry } from './retry.js'
import { type KinesisSplit, type ShardPosition, splitId, subtaskOfHashRange } from './split.js'
import type { StreamName } from './stream-name.js'

/** What a checkpoint keeps of the stream as a whole. */
interface EnumeratorState {
  readonly streamArn: string
  readonly streamCreatedAt: number
  /** When the job first started: what `latest` and `tip` mean. */
  readonly firstStart: FirstStart
  /** Absent: no fan-out. */
  readonly consumers?: RegistrationState
}

interface FirstStart {
  /** No later than it was by the server's clock. */
  readonly earliest: number
  /** No earlier. */
  readonly latest: number
}

/** Somebody waits for the job to start: a wrong address should be known sooner than a fault while it runs. */
const LONGEST_START_RETRY_MS = 10_000

/** Finds the shards of the stream, once: splits and merges while the job runs stop it (see `resharded`). */
export class KinesisEnumerator implements SplitEnumerator {
  readonly #settings: KinesisSettings<unknown>
  readonly #shared: SharedClient
  readonly #context: EnumeratorContext
  readonly #abort = new AbortController()
  readonly #registration: ConsumerRegistration | undefined
  #state: EnumeratorState | undefined

  constructor(settings: KinesisSettings<unknown>, shared: SharedClient, context: EnumeratorContext) {
    this.#settings = settings
    this.#shared = shared
    this.#context = context
    // It is what `snapshot` gave: plain data, checked against the stream in `discover`.
    this.#state = context.restored as EnumeratorState | undefined
    const { fanOut, numbers } = settings
    this.#registration =
      fanOut &&
      new ConsumerRegistration({ settings: fanOut, shared, context, restored: this.#state?.consumers, numbers })
  }

  async discover(known: ReadonlySet<string>): Promise<readonly KinesisSplit[]> {
    const lease = await this.#shared.lease()
    try {
      const { environment } = this.#context
      const { callTimeoutMs } = this.#settings.numbers
      const api = new KinesisApi(lease, { environment, signal: this.#abort.signal, callTimeoutMs })
      const stream = await this.#retrying(lease, () => api.describe(this.#settings.stream))
      this.#checkIdentity(stream)
      this.#state ??= {
        streamArn: stream.arn,
        streamCreatedAt: stream.createdAt,
        firstStart: { earliest: api.serverClock.earliest(), latest: api.serverClock.latest() },
      }
      await this.#registration?.ensure(stream.arn, this.#abort.signal)
      const shards = await this.#listShards(lease, api, { StreamARN: stream.arn })
      this.#checkNames(shards)
      return this.#newSplits(shards, { stream, known, firstStart: this.#state.firstStart })
    } finally {
      lease.release()
    }
  }

  assign(split: Split, _ordinal: number, parallelism: number): number {
    // The engine hands back what `discover` made.
    return subtaskOfHashRange((split as KinesisSplit).hashRange, parallelism)
  }

  snapshot(): unknown {
    const consumers = this.#registration?.snapshot()
    return consumers ? { ...this.#state, consumers } : this.#state
  }

  async close(end: 'finished' | 'unfinished'): Promise<void> {
    this.#abort.abort()
    if (end === 'finished') await this.#registration?.onFinish()
  }

  async #listShards(lease: ClientLease, api: KinesisApi, stream: StreamName): Promise<readonly Shard[]> {
    const shards: Shard[] = []
    let token: string | undefined
    do {
      const page = await this.#retrying(lease, () => api.listShardsPage(stream, token))
      shards.push(...page.shards)
      token = page.next
    } while (token !== undefined)
    return shards
  }

  #newSplits(
    shards: readonly Shard[],
    facts: { readonly stream: StreamSummary; readonly known: ReadonlySet<string>; readonly firstStart: FirstStart },
  ): readonly KinesisSplit[] {
    const { stream, known, firstStart } = facts
    const found: KinesisSplit[] = []
    for (const shard of shards) {
      const shardId = shard.ShardId ?? ''
      const id = splitId(stream, shardId)
      if (known.has(id)) continue
      if (known.size > 0) throw resharded({ operatorId: this.#context.operatorId, where: `stream ${stream.arn}` })
      found.push({
        id,
        streamArn: stream.arn,
        streamCreatedAt: stream.createdAt,
        shardId,
        parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined),
        hashRange: {
          start: shard.HashKeyRange?.StartingHashKey ?? '0',
          end: shard.HashKeyRange?.EndingHashKey ?? '0',
        },
        position: this.#startOf(shardId, firstStart),
        closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
        endsAt: this.#settings.bounded ? firstStart.latest : null,
        readUpTo: null,
      })
    }
    return found
  }

  #startOf(shardId: string, firstStart: FirstStart): ShardPosition {
    const { startAt } = this.#settings
    if (startAt === 'horizon') return { kind: 'horizon' }
    if (startAt === 'latest') return { kind: 'timestamp', timestampMs: firstStart.earliest }
    if (startAt.timestamp !== undefined) return { kind: 'timestamp', timestampMs: Number(startAt.timestamp) }
    const { at, after } = startAt.shards[shardId] ?? {}
    if (at !== undefined) return { kind: 'at', sequenceNumber: at }
    if (after !== undefined) return { kind: 'after', sequenceNumber: after, subSequence: null }
    return { kind: 'horizon' }
  }

  #checkIdentity(stream: StreamSummary): void {
    const before = this.#state
    if (before === undefined) return
    if (before.streamArn === stream.arn && before.streamCreatedAt === stream.createdAt) return
    const { operatorId } = this.#context
    const show = (arn: string, createdAt: number): string => `${arn}, created ${new Date(createdAt).toISOString()}`
    throw new TidemarkError({
      code: 'KINESIS_STREAM_CHANGED',
      domain: 'user',
      operatorId,
      message:
        `source '${operatorId}': the checkpoint belongs to ${show(before.streamArn, before.streamCreatedAt)}; found ` +
        `${show(stream.arn, stream.createdAt)}. Its positions mean nothing there: give the source another id, or ` +
        'start the job afresh',
    })
  }

  #checkNames(shards: readonly Shard[]): void {
    const { startAt } = this.#settings
    // A restored job does not start there any more, and shards expire.
    if (typeof startAt !== 'object' || startAt.shards === undefined || this.#context.restored !== undefined) return
    const present = new Set(shards.map((shard) => shard.ShardId))
    const missing = Object.keys(startAt.shards).filter((shardId) => !present.has(shardId))
    if (missing.length === 0) return
    const { operatorId } = this.#context
    throw new TidemarkError({
      code: 'KINESIS_SHARD_UNKNOWN',
      domain: 'user',
      operatorId,
      message:
        `source '${operatorId}': startAt names shards that the stream does not have: ${missing.join(', ')}; it has ` +
        `${[...present].slice(0, 10).join(', ')}${present.size > 10 ? ` and ${present.size - 10} more` : ''}`,
    })
  }

  async #retrying<R>(lease: ClientLease, call: () => Promise<R>): Promise<R> {
    const { environment, operatorId } = this.#context
    const { stream, numbers } = this.#settings
    const name = 'StreamName' in stream ? stream.StreamName : stream.StreamARN
    const retryForMs = Math.min(numbers.retryForMs, LONGEST_START_RETRY_MS)
    const retry = new Retry({ environment, operatorId, where: `stream ${name}`, endpoint: lease.endpoint, retryForMs })
    for (;;) {
      try {
        return await call()
      } catch (thrown) {
        if (this.#abort.signal.aborted) throw thrown
        const { error, delayMs } = retry.onFailure(thrown)
        if (error) throw error
        await sleep(environment, delayMs, this.#abort.signal)
      }
    }
  }
}
