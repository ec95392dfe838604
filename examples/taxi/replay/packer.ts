import { Aggregator } from 'tidemark/kinesis'
import type { Outgoing, Part } from './outgoing.js'
import type { Shards } from './shards.js'

/** The size that the KPL makes its aggregated records, to which Kinesis rounds up. */
const MAX_BYTES = 51_200

/** Packs trips into aggregated records, each for one shard. */
export class Packer {
  private readonly shards: Shards
  private readonly packages = new Map<string, Package>()

  constructor(shards: Shards) {
    this.shards = shards
  }

  /** Records that `takeAll` would give, at most. */
  get openRecords(): number {
    return this.packages.size
  }

  /** Gives the record that was full, if there is one. */
  add(part: Part): Outgoing | undefined {
    // Of a shard that is not known every key is a stray: they are put again one by one, and found.
    const shardId = this.shards.shardOf(part.hashKey) ?? ''
    const found = this.packages.get(shardId) ?? new Package(shardId)
    this.packages.set(shardId, found)
    return found.add(part)
  }

  takeAll(): readonly Outgoing[] {
    const outgoing: Outgoing[] = []
    for (const each of this.packages.values()) {
      const taken = each.take()
      if (taken !== undefined) outgoing.push(taken)
    }
    this.packages.clear()
    return outgoing
  }
}

class Package {
  private readonly shardId: string
  private readonly aggregator = new Aggregator({ maxBytes: MAX_BYTES })
  private parts: Part[] = []
  private oldest = Number.POSITIVE_INFINITY

  constructor(shardId: string) {
    this.shardId = shardId
  }

  add(part: Part): Outgoing | undefined {
    const { Data: data = new Uint8Array(), PartitionKey: partitionKey = '' } = part.plain.entry
    const record = { partitionKey, data }
    const full = this.aggregator.add(record) ? undefined : this.take()
    if (full !== undefined) this.aggregator.add(record)
    this.parts.push(part)
    if (part.plain.time < this.oldest) this.oldest = part.plain.time
    return full
  }

  take(): Outgoing | undefined {
    const record = this.aggregator.take()
    if (record === undefined) return undefined
    const { parts, oldest } = this
    this.parts = []
    this.oldest = Number.POSITIVE_INFINITY
    const entry = { Data: record.data, PartitionKey: record.partitionKey }
    // A single one is not wrapped, so it is right in whichever shard.
    return parts.length === 1
      ? { entry, time: oldest }
      : { entry, time: oldest, packed: { shardId: this.shardId, parts } }
  }
}
