import type { Clock } from '../../../core/environment.js'
import type { Shard } from './store/shard.js'
import type { Stream } from './store/stream.js'
import { KINESIS_SHARD_LIMITS } from './throttle.js'

export interface Written {
  bytes: number
  records: number
}

interface Load extends Written {
  readonly sinceMs: number
}

export interface GrowthSettings {
  readonly windowMs: number
  /** Whether there may be one more shard. */
  readonly hasRoom: () => boolean
}

/** On-demand streams are meant to have room for twice what is written to them. */
const SHARE = 0.5

/** Splits the shards of on-demand streams that take more than half of what a shard can, over a while. */
export class OnDemandGrowth {
  readonly #clock: Clock
  readonly #windowMs: number
  readonly #hasRoom: () => boolean
  readonly #loads = new WeakMap<Shard, Load>()

  constructor(clock: Clock, { windowMs, hasRoom }: GrowthSettings) {
    this.#clock = clock
    this.#windowMs = windowMs
    this.#hasRoom = hasRoom
  }

  /** Counts what was written, and splits the shard when it is too much for one. */
  wrote(stream: Stream, shard: Shard, { bytes, records }: Written): void {
    if (stream.configuration.mode !== 'ON_DEMAND') return
    const monotonicMs = this.#clock.monotonic()
    const load = this.#loads.get(shard) ?? { sinceMs: monotonicMs, bytes: 0, records: 0 }
    load.bytes += bytes
    load.records += records
    this.#loads.set(shard, load)
    const elapsedMs = monotonicMs - load.sinceMs
    if (elapsedMs < this.#windowMs) return
    this.#loads.set(shard, { sinceMs: monotonicMs, bytes: 0, records: 0 })
    const seconds = elapsedMs / 1000
    const { writeBytes, writeRecords } = KINESIS_SHARD_LIMITS
    const share = Math.max(load.bytes / seconds / writeBytes, load.records / seconds / writeRecords)
    if (share > SHARE && shard.isOpen && this.#hasRoom()) split(stream, shard, this.#clock.now())
  }
}

function split(stream: Stream, shard: Shard, nowMs: number): void {
  const { start, end } = shard.hashRange
  const middle = (start + end) / 2n
  if (middle === start) return
  const halves = [
    { start, end: middle },
    { start: middle + 1n, end },
  ]
  stream.reshard([shard], halves, nowMs)
}
