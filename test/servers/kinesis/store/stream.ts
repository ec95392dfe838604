import { TidemarkError } from '../../../../core/errors.js'
import { Consumers } from './consumers.js'
import { evenHashRanges, type HashRange, hashRouter } from './hash-range.js'
import type { NewRecord } from './segment.js'
import { Shard } from './shard.js'

export type StreamMode = 'PROVISIONED' | 'ON_DEMAND'

export interface StreamSettings {
  readonly name: string
  readonly arn: string
  /** Its creation time in epoch milliseconds, made unique in the server: what tells it from a deleted namesake. */
  readonly epoch: number
  readonly mode: StreamMode
  readonly shardCount: number
  /** On the monotonic clock: a jump of the wall clock must not take a stream away. */
  readonly activeAtMonotonicMs: number
  readonly retentionMs: number
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
  #shards: Shard[] = []
  #nextShardIndex = 0
  #nextCounter = 1
  #lastArrivalMs = 0
  #heldBytes = 0
  #trimmedByAge = 0
  #trimmedBySize = 0
  #route: (hashKey: string) => Shard

  constructor(settings: StreamSettings) {
    this.settings = settings
    this.consumers = new Consumers(settings.arn)
    for (const range of evenHashRanges(settings.shardCount)) this.#addShard(range, [], 0, settings.epoch)
    this.#route = hashRouter(this.#shards)
  }

  /** The counter that the next record will get. */
  get nextCounter(): number {
    return this.#nextCounter
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
    return nowMs - this.settings.retentionMs
  }

  shardOf(hashKey: string): Shard {
    return this.#route(hashKey)
  }

  /** Arrival times never decrease, also when the clock jumps back: searching by time depends on it. */
  append(shard: Shard, record: NewRecord, nowMs: number): Appended {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs)
    const counter = this.#nextCounter++
    this.#accounting(shard, () => shard.log.append(record, counter, this.#lastArrivalMs))
    if (this.#heldBytes > this.settings.retentionBytes) this.#dropOldest(shard)
    shard.notify()
    return { shard, sequenceNumber: shard.sequenceNumber(counter) }
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
    return children
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

function oldestCounter(shard: Shard): number {
  return shard.log.oldestCounter ?? Number.POSITIVE_INFINITY
}

function width(ranges: readonly HashRange[]): bigint {
  return ranges.reduce((sum, range) => sum + range.end - range.start + 1n, 0n)
}
