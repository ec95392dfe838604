import type { Shard } from '@aws-sdk/client-kinesis'
import type { EnumeratorContext, Split, SplitEnumerator } from '../../core/connector.js'
import { TidemarkError } from '../../core/errors.js'
import { KinesisApi, type ShardFilter, type StreamSummary } from './api.js'
import type { ClientLease, SharedClient } from './client.js'
import { endChanged, shardsExpired, shardsUnknown, streamChanged } from './discovery-errors.js'
import { ConsumerRegistration, type RegistrationState } from './fan-out/registration.js'
import type { KinesisSettings } from './options.js'
import { askedEnd } from './positions.js'
import { retrying } from './retrying.js'
import { newSplits, type StreamState, shardKey, skippedShards, startTime } from './shard-list.js'
import { type KinesisSplit, splitId, subtaskOfHashRange } from './split.js'
import { type StreamName, shownStream } from './stream-name.js'

/** What a checkpoint keeps of the source as a whole. */
interface EnumeratorState {
  readonly streams: readonly StreamState[]
  /** Absent: no fan-out. */
  readonly consumers?: RegistrationState
}

/** What runs of the job in this process share: a restart before the first checkpoint begins where the first start did. */
export type FirstStarts = Map<string, StreamState>

export interface EnumeratorOptions {
  readonly settings: KinesisSettings<unknown>
  readonly shared: SharedClient
  readonly context: EnumeratorContext
  readonly firstStarts: FirstStarts
}

interface Listing {
  readonly lease: ClientLease
  readonly api: KinesisApi
}

/** Somebody waits for the job to start: a wrong address should be known sooner than a fault while it runs. */
const LONGEST_START_RETRY_MS = 10_000
/** A listing that takes longer than its token lasts is begun again. */
const LISTINGS = 3

/** Finds the shards of the streams: at first from where the job starts, later those that follow them. */
export class KinesisEnumerator implements SplitEnumerator {
  readonly intervalMs?: number
  readonly #options: EnumeratorOptions
  readonly #abort = new AbortController()
  readonly #registration: ConsumerRegistration | undefined
  /** By ARN. */
  readonly #streams = new Map<string, StreamState>()
  #isStarted = false
  #gone: readonly string[] = []

  constructor(options: EnumeratorOptions) {
    const { settings, shared, context } = options
    this.#options = options
    const { endAt, fanOut, numbers } = settings
    if (endAt === undefined) this.intervalMs = numbers.discoveryIntervalMs
    // It is what `snapshot` gave: plain data, checked against the streams in `discover`.
    const restored = context.restored as EnumeratorState | undefined
    for (const stream of restored?.streams ?? []) this.#streams.set(stream.arn, stream)
    this.#registration =
      fanOut && new ConsumerRegistration({ settings: fanOut, shared, context, restored: restored?.consumers, numbers })
  }

  async discover(known: ReadonlySet<string>): Promise<readonly KinesisSplit[]> {
    const { settings, shared, context } = this.#options
    const lease = await shared.lease()
    try {
      const { environment } = context
      const { callTimeoutMs } = settings.numbers
      const api = new KinesisApi(lease, { environment, signal: this.#abort.signal, callTimeoutMs })
      const listed = new Set<string>()
      const found: KinesisSplit[] = []
      for (const name of settings.streams) found.push(...(await this.#discoverIn(name, { lease, api }, known, listed)))
      this.#requireStreams(listed)
      this.#gone = [...known].filter((id) => !listed.has(id))
      this.#isStarted = true
      return found
    } finally {
      lease.release()
    }
  }

  gone(): readonly string[] {
    return this.#gone
  }

  onLost(splits: readonly Split[]): void {
    const { context, settings } = this.#options
    // The engine hands back what `discover` made.
    const error = shardsExpired(splits as readonly KinesisSplit[], context.operatorId)
    if (settings.onTrimmed === 'fail') throw error
    context.logger.warn(error.message)
  }

  assign(split: Split, _ordinal: number, parallelism: number): number {
    return subtaskOfHashRange((split as KinesisSplit).hashRange, parallelism)
  }

  snapshot(): EnumeratorState {
    const consumers = this.#registration?.snapshot()
    return { streams: [...this.#streams.values()], ...(consumers && { consumers }) }
  }

  async close(end: 'finished' | 'unfinished'): Promise<void> {
    this.#abort.abort()
    if (end === 'finished') await this.#registration?.onFinish()
  }

  /** Adds the ids of all its splits to `listed`. */
  async #discoverIn(
    name: StreamName,
    listing: Listing,
    known: ReadonlySet<string>,
    listed: Set<string>,
  ): Promise<readonly KinesisSplit[]> {
    const { startAt, endAt } = this.#options.settings
    const summary = await this.#retrying(name, listing, () => listing.api.describe(name))
    const before = this.#streamBefore(name, summary)
    const stream = this.#withEnd(name, before ?? this.#firstState(summary, listing), { isFirst: !before, listing })
    await this.#registration?.ensure(summary.arn, this.#abort.signal)
    const shards = await this.#list(name, listing, { StreamARN: stream.arn })
    const keyOf = this.#keyOf(name)
    const state = { ...stream, skipped: await this.#skipped({ name, listing, shards, stream, isFirst: !before }) }
    this.#streams.set(stream.arn, state)
    this.#options.firstStarts.set(this.#startKey(stream.arn), state)
    for (const { ShardId } of shards) listed.add(splitId(stream, ShardId ?? ''))
    return newSplits({ shards, keyOf, stream: state }, { known, isFirst: !before, startAt, endAt })
  }

  /** In an earlier look, or an earlier run. @throws TidemarkError KINESIS_STREAM_CHANGED */
  #streamBefore(name: StreamName, { arn, createdAt }: StreamSummary): StreamState | undefined {
    const before = this.#streams.get(arn)
    if (before === undefined || before.createdAt === createdAt) return before
    throw streamChanged(
      this.#options.context.operatorId,
      before,
      `${arn}, created ${isoOf(createdAt)}, as ${shownStream(name)}`,
    )
  }

  /** An end that the job asks for only now is one as of now. @throws TidemarkError KINESIS_END_CHANGED */
  #withEnd(
    name: StreamName,
    stream: StreamState,
    { isFirst, listing }: { readonly isFirst: boolean; readonly listing: Listing },
  ): StreamState {
    const asked = askedEnd(this.#options.settings.endAt)
    if (stream.end !== undefined && stream.end.asked !== asked) {
      throw endChanged(this.#options.context.operatorId, shownStream(name), { asked: stream.end.asked, now: asked })
    }
    if (asked === null || stream.end !== undefined) return stream
    const tipMs = isFirst ? stream.firstStart.latest : listing.api.serverClock.latest()
    return { ...stream, end: { asked, tipMs } }
  }

  #firstState({ arn, createdAt }: StreamSummary, { api }: Listing): StreamState {
    const started = this.#options.firstStarts.get(this.#startKey(arn))
    if (started?.createdAt === createdAt) return { ...started, skipped: [] }
    const { environment, startedAt, restored } = this.#options.context
    // A process that starts the job again before its first checkpoint goes on from when it first started.
    const isFirstOfJob = startedAt !== undefined && restored === undefined
    const agoMs = isFirstOfJob ? Math.max(0, environment.clock.now() - startedAt) : 0
    const { serverClock } = api
    const firstStart = { earliest: serverClock.earliest() - agoMs, latest: serverClock.latest() - agoMs }
    return { arn, createdAt, firstStart, skipped: [] }
  }

  async #skipped(facts: {
    readonly name: StreamName
    readonly listing: Listing
    readonly shards: readonly Shard[]
    readonly stream: StreamState
    readonly isFirst: boolean
  }): Promise<readonly string[]> {
    const { name, listing, shards, stream, isFirst } = facts
    const present = new Set(shards.map(({ ShardId }) => ShardId))
    // What is gone need not be remembered: it never comes back.
    if (!isFirst) return stream.skipped.filter((shardId) => present.has(shardId))
    const { startAt } = this.#options.settings
    this.#checkNames(name, shards)
    const since = startTime(startAt, stream.firstStart)
    const reached =
      since === undefined ? undefined : await this.#list(name, listing, { StreamARN: stream.arn }, { since })
    const fromTime = reached && new Set(reached.map(({ ShardId }) => ShardId ?? ''))
    return skippedShards({ shards, keyOf: this.#keyOf(name) }, startAt, fromTime)
  }

  async #list(name: StreamName, listing: Listing, stream: StreamName, filter?: ShardFilter): Promise<readonly Shard[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pages(name, listing, stream, filter)
      } catch (thrown) {
        const cause = thrown instanceof TidemarkError ? thrown.cause : thrown
        const isExpired = (cause as { readonly name?: unknown } | undefined)?.name === 'ExpiredNextTokenException'
        if (!isExpired || attempt === LISTINGS) throw thrown
      }
    }
  }

  async #pages(
    name: StreamName,
    listing: Listing,
    stream: StreamName,
    filter?: ShardFilter,
  ): Promise<readonly Shard[]> {
    const shards: Shard[] = []
    let token: string | undefined
    do {
      const page = await this.#retrying(name, listing, () => listing.api.listShardsPage(stream, token, filter))
      for (const shard of page.shards) shards.push(shard)
      token = page.next
    } while (token !== undefined)
    return shards
  }

  /** How positions name a shard of the stream. */
  #keyOf(name: StreamName): (shardId: string) => string {
    return (shardId) => shardKey(this.#options.settings.streams, name, shardId)
  }

  #startKey(arn: string): string {
    const { lineage, operatorId } = this.#options.context
    return `${lineage} ${operatorId} ${arn}`
  }

  /** What a checkpoint has of streams that are not read any more would be lost in silence. */
  #requireStreams(listed: ReadonlySet<string>): void {
    const prefixes = new Set([...listed].map((id) => id.slice(0, id.indexOf('@'))))
    for (const stream of this.#streams.values()) {
      if (prefixes.has(stream.arn)) continue
      const found = this.#options.settings.streams.map(shownStream).join(', ')
      throw streamChanged(this.#options.context.operatorId, stream, found)
    }
  }

  #checkNames(name: StreamName, shards: readonly Shard[]): void {
    const { context, settings } = this.#options
    const { startAt, endAt, streams } = settings
    const given = [startAt, endAt].flatMap((position) =>
      typeof position === 'object' && position.shards !== undefined ? Object.keys(position.shards) : [],
    )
    const own = streams.length === 1 ? given : given.filter((key) => key.startsWith(`${shownStream(name)}/`))
    const keyOf = this.#keyOf(name)
    const present = new Set(shards.map(({ ShardId }) => keyOf(ShardId ?? '')))
    const missing = own.filter((key) => !present.has(key))
    if (missing.length > 0) throw shardsUnknown(context.operatorId, missing, [...present])
  }

  #retrying<R>(name: StreamName, { lease }: Listing, call: () => Promise<R>): Promise<R> {
    const { context, settings } = this.#options
    const { environment, operatorId } = context
    const { retryForMs } = settings.numbers
    return retrying(
      {
        environment,
        operatorId,
        where: `stream ${shownStream(name)}`,
        endpoint: lease.endpoint,
        retryForMs: this.#isStarted ? retryForMs : Math.min(retryForMs, LONGEST_START_RETRY_MS),
        signal: this.#abort.signal,
      },
      call,
    )
  }
}

/** A given instant, not the wall clock: only that is forbidden. */
function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
