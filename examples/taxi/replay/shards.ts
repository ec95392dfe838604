import { type HashKey, type HashKeyRange, hashKeyRange, isInRange } from 'tidemark/kinesis'
import type { PutContext } from './flight.js'
import { retrying } from './retry.js'
import { listShards, type ShardOfStream } from './stream.js'

const RENEW_MS = 10_000

/**
 * The shards of the stream, listed anew each 10 s, and sooner where an answer shows that there is another one: streams are
 * resharded while they are written to.
 */
export class Shards {
  private readonly context: PutContext
  private readonly known = new Map<string, { readonly shard: ShardOfStream; readonly range: HashKeyRange }>()
  private openOnes: readonly ShardOfStream[] = []
  private listedAt = Number.NEGATIVE_INFINITY
  private isStale = true

  constructor(context: PutContext) {
    this.context = context
  }

  /** Those that take records, as of the last listing. */
  get open(): readonly ShardOfStream[] {
    return this.openOnes
  }

  /** Notes where a record landed. */
  saw(shardId: string): void {
    if (!this.known.has(shardId)) this.isStale = true
  }

  async renew(): Promise<void> {
    const { client, environment, signal, stream } = this.context
    this.listedAt = environment.clock.monotonic()
    this.isStale = false
    const shards = await retrying(this.context, () => listShards(client, stream, signal))
    this.openOnes = shards.filter(({ isOpen }) => isOpen)
    for (const shard of shards) {
      const range = hashKeyRange({ start: shard.startingHashKey, end: shard.endingHashKey })
      this.known.set(shard.id, { shard, range })
    }
  }

  async renewIfOld(): Promise<void> {
    if (this.isStale || this.context.environment.clock.monotonic() - this.listedAt >= RENEW_MS) await this.renew()
  }

  /** The open shard that a hash key leads into, as far as is known. */
  shardOf(hashKey: HashKey): string | undefined {
    return this.openOnes.find(({ id }) => this.contains(id, hashKey))?.id
  }

  /** Whether the shard has this hash key; false for one that is not known. */
  contains(shardId: string, hashKey: HashKey): boolean {
    const known = this.known.get(shardId)
    return known !== undefined && isInRange(hashKey, known.range)
  }

  /** Makes the shard known, if the stream has it. */
  async learn(shardId: string): Promise<void> {
    if (!this.known.has(shardId)) await this.renew()
  }
}
