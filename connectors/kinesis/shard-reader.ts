import type { Polled, ReaderContext, SplitReader } from '../../core/connector.js'
import { RecordDecoding } from '../../core/decode/index.js'
import { KinesisApi } from './api.js'
import type { ClientLease } from './client.js'
import { callFailed } from './errors.js'
import type { KinesisSettings, KinesisValueDecoder } from './options.js'
import { type FetchedRecord, fetchedRecord, RecordBuffer, sizeOf } from './record-buffer.js'
import { type MutableRecordMeta, RecordUnpacker } from './record-unpacker.js'
import { Retention } from './retention.js'
import type { Answer, FetcherOptions, ShardFetcher } from './shard-fetcher.js'
import { type ShardMetrics, type ShardReadings, shardMetrics } from './shard-metrics.js'
import { isBeyond, type KinesisSplit, type ShardPosition, type StopPosition, splitId } from './split.js'

export interface ShardReaderOptions<T> {
  readonly settings: KinesisSettings<T>
  readonly lease: ClientLease
  readonly context: ReaderContext
  readonly fetcher: (options: FetcherOptions) => ShardFetcher
}

/**
 * Reads one shard. Invariants:
 * 1. The position stands behind the last value polled; of what lies in the buffer it has nothing but that.
 * 2. Records are decoded in `poll`, whose caller bounds how many: a whole answer decoded at once would hold the event loop.
 * 3. `#isEnded` means that nothing will be added to the buffer.
 */
export class ShardReader<T> implements SplitReader<T> {
  readonly #context: ReaderContext
  readonly #lease: ClientLease
  readonly #api: KinesisApi
  readonly #fetcher: ShardFetcher
  readonly #decoding: RecordDecoding<T>
  readonly #unpacker: RecordUnpacker<T>
  readonly #buffer = new RecordBuffer()
  readonly #metrics: ShardMetrics
  readonly #abort = new AbortController()
  readonly #where: string
  #split: KinesisSplit
  #endsAt: number | null
  #endsAtTip: boolean
  #isEnded = false
  #endedEarly = false
  #successors: readonly string[] = []
  /** Of the last answer, while it was empty and at the tip: when the call was made. */
  #quietAt: number | undefined
  #millisBehindLatest = 0
  #failure: unknown
  /** It failed for a record: the position stands before it. */
  #isUndecodable = false
  #isClosed = false
  #running: Promise<void> = Promise.resolve()

  constructor(split: KinesisSplit, options: ShardReaderOptions<T>) {
    const { settings, lease, context, fetcher } = options
    const { shardId, streamArn } = split
    this.#split = split
    this.#endsAt = split.endsAt
    this.#endsAtTip = split.endsAtTip
    this.#context = context
    this.#lease = lease
    this.#where = `${shardId} of ${streamArn}`
    this.#metrics = shardMetrics(context.metrics, split, () => this.#readings())
    const { decode } = settings
    const meta: MutableRecordMeta = {
      split: split.id,
      shardId,
      offset: '',
      sequenceNumber: '',
      subSequenceNumber: undefined,
      partitionKey: '',
      explicitHashKey: undefined,
      arrivedAt: 0,
    }
    this.#decoding = new RecordDecoding<T>({
      // Where it makes several values of a record, the unpacker calls it.
      decoder: (bytes) => (decode as KinesisValueDecoder<T>)(bytes, meta),
      policy: settings.onMalformed,
      operatorId: context.operatorId,
      now: () => context.environment.clock.now(),
      arrivalTimestamps: true,
    })
    this.#unpacker = new RecordUnpacker({
      split,
      decode,
      decoding: this.#decoding,
      buffer: this.#buffer,
      meta,
      context,
      metrics: this.#metrics,
    })
    this.#api = new KinesisApi(lease, {
      environment: context.environment,
      signal: this.#abort.signal,
      callTimeoutMs: settings.numbers.callTimeoutMs,
    })
    this.#fetcher = fetcher({
      api: this.#api,
      context,
      numbers: settings.numbers,
      metrics: this.#metrics,
      retention: new Retention(split, {
        api: this.#api,
        context,
        where: this.#where,
        onTrimmed: settings.onTrimmed,
      }),
      split,
      where: this.#where,
      endpoint: lease.endpoint,
      buffered: () => this.#buffer,
      onAnswer: (answer) => this.#accept(answer),
    })
  }

  start(): void {
    const { position, stopAt } = this.#split
    if (stopAt !== null && position.kind === 'after' && isAllRead(position, stopAt)) {
      this.#isEnded = true
      this.#endedEarly = true
      this.#context.wake()
    } else this.#running = this.#run()
  }

  poll(maxRecords: number): Polled<T> | undefined {
    let hasMore = false
    try {
      // What follows one that could not be decoded must not be taken, however often somebody polls.
      hasMore = !this.#isUndecodable && this.#unpacker.decodeUpTo(maxRecords)
    } catch (thrown) {
      // What was decoded before it comes first.
      this.#isUndecodable = true
      this.#failure = thrown
      this.#fetcher.stop()
    }
    this.#fetcher.onPolled()
    const polled = this.#decoding.take()
    if (polled) return polled
    if (this.#failure !== undefined) throw this.#failure
    // A long run of records without a value.
    if (hasMore) this.#context.wake()
    return undefined
  }

  position(): KinesisSplit {
    const { position, readUpTo = this.#split.readUpTo } = this.#unpacker
    const quietAt = this.#buffer.count === 0 ? this.#quietAt : undefined
    const upTo = quietAt === undefined ? readUpTo : Math.max(quietAt, readUpTo ?? 0)
    return { ...this.#split, position, readUpTo: upTo }
  }

  get finished(): boolean {
    return this.#isEnded && this.#buffer.count === 0 && this.#failure === undefined
  }

  /** It ended at its stop: what follows in the shard and its children is not to be read. */
  get endedEarly(): boolean {
    return this.#endedEarly
  }

  get successors(): readonly string[] {
    return this.#successors
  }

  get caughtUp(): boolean {
    if (this.finished) return true
    return (
      this.#quietAt !== undefined && this.#buffer.count === 0 && !this.#fetcher.isBusy && this.#failure === undefined
    )
  }

  endAtTip(): void {
    if (this.#isEnded) return
    this.#endsAt = Math.min(this.#endsAt ?? Number.POSITIVE_INFINITY, this.#api.serverClock.latest())
    this.#endsAtTip = true
    this.#fetcher.hurry()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#fetcher.stop()
    this.#abort.abort()
    this.#metrics.close()
    await this.#running
    this.#lease.release()
  }

  async #run(): Promise<void> {
    try {
      await this.#fetcher.run()
    } catch (thrown) {
      if (this.#isClosed) return
      const { operatorId } = this.#context
      this.#failure ??= callFailed(thrown, { operatorId, where: this.#where, endpoint: this.#lease.endpoint })
      this.#context.wake()
    }
  }

  #accept(answer: Answer): void {
    const { isAtTip, isShardEnd, calledAt } = answer
    if (this.#split.endsAtTip && this.#split.endsAt === null) this.#resolveTip()
    const fetched = answer.records.map(fetchedRecord)
    const beyond = fetched.findIndex((record) => this.#isBeyond(record))
    const records = beyond < 0 ? fetched : fetched.slice(0, beyond)
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
    this.#buffer.add(records, bytes)
    this.#metrics.records.add(records.length)
    this.#metrics.bytes.add(bytes)
    if (fetched.length === 0) this.#metrics.emptyReads.add()
    this.#millisBehindLatest = answer.millisBehindLatest
    this.#quietAt = fetched.length === 0 && isAtTip ? calledAt : undefined
    if (beyond >= 0 || (!isShardEnd && this.#isStop(answer, records.at(-1)?.sequenceNumber))) {
      this.#isEnded = true
      this.#endedEarly = true
      this.#fetcher.stop()
    } else if (isShardEnd) {
      this.#isEnded = true
      const stream = { arn: this.#split.streamArn, createdAt: this.#split.streamCreatedAt }
      this.#successors = answer.children.map(({ ShardId }) => splitId(stream, ShardId ?? ''))
    }
    this.#context.wake()
  }

  /** By the server's clock, which is known by now; kept from here on. */
  #resolveTip(): void {
    const endsAt = this.#api.serverClock.latest()
    this.#split = { ...this.#split, endsAt }
    this.#endsAt = Math.min(this.#endsAt ?? Number.POSITIVE_INFINITY, endsAt)
  }

  #isBeyond({ arrivedAt, sequenceNumber }: FetchedRecord): boolean {
    const { stopAt } = this.#split
    return (this.#endsAt !== null && arrivedAt > this.#endsAt) || (stopAt !== null && isBeyond(stopAt, sequenceNumber))
  }

  /** Whether nothing more can come that is to be read, though the shard goes on. */
  #isStop({ isAtTip, isFresh, calledAt }: Answer, last: string | undefined): boolean {
    const { stopAt } = this.#split
    if (stopAt?.kind === 'after' && stopAt.sequenceNumber === last) return true
    if (!isAtTip || !isFresh) return false
    if (this.#endsAtTip) return true
    if (this.#endsAt === null) return false
    const { clock } = this.#context.environment
    return calledAt + this.#api.serverClock.earliest() - clock.now() > this.#endsAt
  }

  #readings(): ShardReadings {
    const next = this.#buffer.peek()
    const { position } = this.#unpacker
    return {
      millisBehindLatest: this.#millisBehindLatest,
      lagMs: next ? Math.max(0, this.#context.environment.clock.now() - next.arrivedAt) : this.#millisBehindLatest,
      lastSequenceNumber: position.kind === 'after' ? position.sequenceNumber : undefined,
    }
  }
}

/** A stop that was set when the shard had been read further is one that was passed. */
function isAllRead(position: ShardPosition & { readonly kind: 'after' }, stop: StopPosition): boolean {
  if (isBeyond(stop, position.sequenceNumber)) return true
  const isWhole = position.subSequence === null && position.valueIndex === undefined
  return stop.kind === 'after' && position.sequenceNumber === stop.sequenceNumber && isWhole
}
