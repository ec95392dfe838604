import type { Clock } from '../../../core/environment.js'
import type { Shard } from './store/shard.js'

/** What a shard allows in a second. `Number.POSITIVE_INFINITY` switches one of them off. */
export interface ShardLimits {
  readonly getRecordsCalls: number
  readonly readBytes: number
  readonly writeRecords: number
  readonly writeBytes: number
  /** What SubscribeToShard pushes to one consumer. */
  readonly subscriptionBytes: number
}

/** Those of Kinesis. */
export const KINESIS_SHARD_LIMITS: ShardLimits = {
  getRecordsCalls: 5,
  readBytes: 2 * 1024 * 1024,
  writeRecords: 1000,
  writeBytes: 1024 * 1024,
  subscriptionBytes: 2 * 1024 * 1024,
}

interface ShardBuckets {
  readonly calls: TokenBucket
  readonly readBytes: TokenBucket
  readonly writeRecords: TokenBucket
  readonly writeBytes: TokenBucket
}

/** The limits of every shard of a server, each a bucket that holds one second's worth. */
export class ShardThrottles {
  readonly #limits: ShardLimits
  readonly #clock: Clock
  readonly #buckets = new WeakMap<Shard, ShardBuckets>()

  constructor(limits: ShardLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  admitsRead(shard: Shard): boolean {
    const now = this.#clock.monotonic()
    const { calls, readBytes } = this.#of(shard)
    return readBytes.available(now) > 0 && calls.take(1, now)
  }

  /** One call may read more than a second's worth: the calls after it pay for that, as with Kinesis. */
  chargeRead(shard: Shard, bytes: number): void {
    this.#of(shard).readBytes.charge(bytes, this.#clock.monotonic())
  }

  admitsWrite(shard: Shard, bytes: number): boolean {
    const now = this.#clock.monotonic()
    const { writeRecords, writeBytes } = this.#of(shard)
    if (writeRecords.available(now) < 1 || writeBytes.available(now) < bytes) return false
    return writeRecords.take(1, now) && writeBytes.take(bytes, now)
  }

  #of(shard: Shard): ShardBuckets {
    const known = this.#buckets.get(shard)
    if (known !== undefined) return known
    const now = this.#clock.monotonic()
    const made: ShardBuckets = {
      calls: new TokenBucket(this.#limits.getRecordsCalls, now),
      readBytes: new TokenBucket(this.#limits.readBytes, now),
      writeRecords: new TokenBucket(this.#limits.writeRecords, now),
      writeBytes: new TokenBucket(this.#limits.writeBytes, now),
    }
    this.#buckets.set(shard, made)
    return made
  }
}

export class TokenBucket {
  readonly #perSecond: number
  #level: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#level = perSecond
    this.#atMs = nowMs
  }

  available(nowMs: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return this.#perSecond
    const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond
    this.#level = Math.min(this.#perSecond, this.#level + gained)
    this.#atMs = nowMs
    return this.#level
  }

  /** Until the bucket is out of debt. */
  waitMs(nowMs: number): number {
    const level = this.available(nowMs)
    return level > 0 ? 0 : Math.ceil((-level / this.#perSecond) * 1000) + 1
  }

  take(amount: number, nowMs: number): boolean {
    if (this.available(nowMs) < amount) return false
    this.charge(amount, nowMs)
    return true
  }

  /** May leave the bucket in debt. */
  charge(amount: number, nowMs: number): void {
    this.#level = this.available(nowMs) - amount
  }
}
