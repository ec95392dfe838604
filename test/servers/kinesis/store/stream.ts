import { TidemarkError } from '../../../../core/errors.js'
import { Consumers } from './consumers.js'
import { evenHashRanges, type HashRange, hashRouter } from './hash-range.js'
import type { NewRecord } from './segment.js'
import { Shard, shardNameOf } from './shard.js'
import type { ShardState, StreamConfiguration, StreamJournal, StreamState } from './stream-state.js'

export interface StreamSettings {
  readonly name: string
  readonly arn: string
  /** Its creation time in epoch milliseconds, made unique in the server: what tells it from a deleted namesake. */
  readonly epoch: number
  /** On the monotonic clock: a jump of the wall clock must not take a stream away. */
  readonly activeAtMonotonicMs: number
  readonly retentionBytes: number
}

export interface Appended {
  readonly shard: Shard
  readonly sequenceNumber: string
}

/** Records that can no longer be read, by what removed them. */
export interface TrimCounts {
  readonly age: number
  readonly size: number
}

/** Shards and the one counter that orders all their records. */
export class Stream {
  readonly settings: StreamSettings
  readonly consumers: Consumers
  #configuration: StreamConfiguration
  #shards: Shard[] = []
  #nextShardIndex = 0
  #nextCounter = 1
  #lastArrivalMs = 0
  #heldBytes = 0
  #trimmedByAge = 0
  #trimmedBySize = 0
  #journal: StreamJournal | undefined
  /** By index, while records are restored. */
  #restored: ReadonlyMap<number, Shard> = new Map()
  #route: (hashKey: string) => Shard = hashRouter<Shard>([])

  /** Without shards until `open` or `restore`. */
  constructor(settings: StreamSettings, configuration: StreamConfiguration) {
    this.settings = settings
    this.#configuration = configuration
    this.consumers = new Consumers(settings.arn, () => this.#changed())
  }

  open(shardCount: number): this {
    for (const range of evenHashRanges(shardCount)) this.#addShard(range, [], 0, this.settings.epoch)
    this.#route = hashRouter(this.openShards())
    return this
  }

  /** Takes over a state that was written; records of shards that stay are kept. */
  restore(state: StreamState): this {
    const known = new Map(this.#shards.map((shard) => [shard.index, shard]))
    this.#configuration = state.configuration
    this.#shards = state.shards.map((shard) => known.get(shard.index) ?? this.#restoredShard(shard))
    const byIndex = new Map(this.#shards.map((shard) => [shard.index, shard]))
    this.#restored = byIndex
    for (const { index, closing } of state.shards) {
      const children = closing?.children.flatMap((child) => byIndex.get(child) ?? []) ?? []
      if (closing !== undefined) byIndex.get(index)?.close({ ...closing, children })
    }
    this.#nextShardIndex = state.nextShardIndex
    this.#nextCounter = Math.max(this.#nextCounter, state.nextCounter)
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, state.lastArrivalMs)
    this.consumers.restore(state.consumers)
    this.#route = hashRouter(this.openShards())
    return this
  }

  state(): StreamState {
    return {
      name: this.settings.name,
      epoch: this.settings.epoch,
      configuration: this.#configuration,
      shards: this.#shards.map(stateOf),
      nextShardIndex: this.#nextShardIndex,
      nextCounter: this.#nextCounter,
      lastArrivalMs: this.#lastArrivalMs,
      consumers: this.consumers.state(),
    }
  }

  /** From here on every change is written down. */
  writeTo(journal: StreamJournal): void {
    this.#journal = journal
  }

  get configuration(): StreamConfiguration {
    return this.#configuration
  }

  configure(change: Partial<StreamConfiguration>): void {
    this.#configuration = { ...this.#configuration, ...change }
    this.#changed()
  }

  /** The counter that the next record will get. */
  get nextCounter(): number {
    return this.#nextCounter
  }

  /** The counter of the oldest record that is held; that of the next one if there is none. */
  get oldestCounter(): number {
    return Math.min(this.#nextCounter, ...this.#shards.map(oldestCounter))
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  get trimmed(): TrimCounts {
    return { age: this.#trimmedByAge, size: this.#trimmedBySize }
  }

  /** Closed shards are there until all that they can hold is past retention. */
  shards(nowMs: number): readonly Shard[] {
    const horizonMs = this.horizonMs(nowMs)
    const expired = this.#shards.filter((shard) => shard.closing !== undefined && shard.closing.atMs < horizonMs)
    if (expired.length > 0) {
      for (const shard of expired) this.trim(shard, nowMs)
      this.#shards = this.#shards.filter((shard) => !expired.includes(shard))
    }
    return this.#shards
  }

  openShards(): readonly Shard[] {
    return this.#shards.filter((shard) => shard.isOpen)
  }

  shardById(id: string, nowMs: number): Shard | undefined {
    return this.shards(nowMs).find((shard) => shard.id === id)
  }

  shardByIndex(index: number, nowMs: number): Shard | undefined {
    return this.shards(nowMs).find((shard) => shard.index === index)
  }

  /** What arrived before this time can no longer be read. */
  horizonMs(nowMs: number): number {
    return Math.max(nowMs - this.#configuration.retentionMs, this.#configuration.floorMs)
  }

  shardOf(hashKey: string): Shard {
    return this.#route(hashKey)
  }

  /** Arrival times never decrease, also when the clock jumps back: searching by time depends on it. */
  append(shard: Shard, record: NewRecord, nowMs: number): Appended {
    const counter = this.#nextCounter
    const arrivalMs = Math.max(this.#lastArrivalMs, nowMs)
    this.#journal?.record(shard.index, record, counter, arrivalMs)
    this.#store(shard, record, counter, arrivalMs)
    shard.notify()
    return { shard, sequenceNumber: shard.sequenceNumber(counter) }
  }

  /** A record that was written down. Its shard is known, as the state before it says. */
  restoreRecord(shardIndex: number, record: NewRecord, { counter, arrivalMs }: RecordPlace): void {
    const shard = this.#restored.get(shardIndex)
    if (shard !== undefined) this.#store(shard, record, counter, arrivalMs)
  }

  /** Numbers that may have been given out by a process that ended are not given out again. */
  skipCounters(count: number): void {
    this.#nextCounter += count
  }

  trim(shard: Shard, nowMs: number): void {
    const horizonMs = this.horizonMs(nowMs)
    this.#accounting(shard, () => {
      this.#trimmedByAge += shard.log.trimBefore(horizonMs)
    })
  }

  /**
   * Closes `parents` and opens a shard for each of `ranges`, which together must cover what the parents covered: the one
   * step that splits and merges are made of.
   */
  reshard(parents: readonly Shard[], ranges: readonly HashRange[], nowMs: number): readonly Shard[] {
    const closed = parents.find((shard) => !shard.isOpen)
    if (closed !== undefined || width(parents.map((shard) => shard.hashRange)) !== width(ranges)) {
      throw new TidemarkError({
        code: 'KINESIS_RESHARD_INVALID',
        domain: 'internal',
        message: `stream ${this.settings.name}: resharding needs open parents and children of the same total hash range`,
      })
    }
    const endingCounter = this.#nextCounter++
    const startingCounter = this.#nextCounter++
    const children = ranges.map((range) => this.#addShard(range, parents, startingCounter, nowMs))
    for (const parent of parents) parent.close({ endingCounter, atMs: nowMs, children })
    this.#route = hashRouter(this.openShards())
    this.#changed()
    return children
  }

  #changed(): void {
    this.#journal?.state(this.state())
  }

  #store(shard: Shard, record: NewRecord, counter: number, arrivalMs: number): void {
    this.#lastArrivalMs = arrivalMs
    this.#nextCounter = counter + 1
    const before = shard.log.heldBytes
    shard.log.append(record, counter, arrivalMs)
    this.#heldBytes += shard.log.heldBytes - before
    if (this.#heldBytes > this.settings.retentionBytes) this.#dropOldest(shard)
  }

  #addShard(hashRange: HashRange, parents: readonly Shard[], startingCounter: number, openedAtMs: number): Shard {
    const index = this.#nextShardIndex++
    const shard = new Shard({
      streamEpoch: this.settings.epoch,
      index,
      hashRange,
      startingCounter,
      openedAtMs,
      parents,
    })
    this.#shards.push(shard)
    return shard
  }

  #restoredShard(state: ShardState): Shard {
    return new Shard({
      ...state,
      streamEpoch: this.settings.epoch,
      hashRange: { start: BigInt(state.start), end: BigInt(state.end) },
      parents: state.parents.map(shardNameOf),
    })
  }

  #accounting(shard: Shard, change: () => void): void {
    const before = shard.log.heldBytes
    change()
    this.#heldBytes += shard.log.heldBytes - before
  }

  /** The segment that has just been written stays, however small the bound. */
  #dropOldest(written: Shard): void {
    while (this.#heldBytes > this.settings.retentionBytes) {
      const oldest = this.#shards.reduce((a, b) => (oldestCounter(b) < oldestCounter(a) ? b : a))
      if (oldest.log.segments === 0 || (oldest === written && oldest.log.segments === 1)) return
      this.#accounting(oldest, () => {
        this.#trimmedBySize += oldest.log.dropOldestSegment()
      })
    }
  }
}

export interface RecordPlace {
  readonly counter: number
  readonly arrivalMs: number
}

function oldestCounter(shard: Shard): number {
  return shard.log.oldestCounter ?? Number.POSITIVE_INFINITY
}

function width(ranges: readonly HashRange[]): bigint {
  return ranges.reduce((sum, range) => sum + range.end - range.start + 1n, 0n)
}

function stateOf(shard: Shard): ShardState {
  const { closing } = shard
  return {
    index: shard.index,
    start: shard.hashRange.start.toString(),
    end: shard.hashRange.end.toString(),
    startingCounter: shard.startingCounter,
    openedAtMs: shard.openedAtMs,
    parents: shard.parents.map(({ index }) => index),
    ...(closing === undefined
      ? {}
      : { closing: { ...closing, children: closing.children.map((child) => child.index) } }),
  }
}
