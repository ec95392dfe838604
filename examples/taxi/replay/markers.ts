import { encodeTaxiEvent } from '../events/index.js'
import { Flight, type PutContext } from './flight.js'
import type { Shards } from './shards.js'
import type { ShardOfStream } from './stream.js'

export interface MarkerBounds {
  /** Event time of the oldest trip that was sent and is not acknowledged; Infinity if there is none. */
  readonly oldestUnacknowledged: number
  /** Event time of the next trip to be sent; where it is not known yet, the latest so far, which it may equal. */
  readonly nextToSend: number
}

/** The latest watermark that passes no trip and none with an equal drop-off. */
export function markerTime({ oldestUnacknowledged, nextToSend }: MarkerBounds): number {
  return Math.min(oldestUnacknowledged, nextToSend) - 1
}

/**
 * Sends a marker into every open shard, one round after the other, never going back. One that was put for a shard which
 * has been closed meanwhile lands in one of its children; then the shards are listed anew, and the others get theirs.
 */
export class Markers {
  private readonly context: PutContext
  private readonly shards: Shards
  private isBusy = false
  /** The latest watermark sent. */
  sent: number
  rounds = 0

  constructor(context: PutContext, { shards, sent }: { shards: Shards; sent: number }) {
    this.context = context
    this.shards = shards
    this.sent = sent
  }

  /** Does nothing while a round is on its way, or if the watermark would not advance. */
  async send(watermark: number): Promise<void> {
    if (this.isBusy || watermark < 0 || watermark <= this.sent) return
    this.isBusy = true
    try {
      await this.shards.renewIfOld()
      await this.round(watermark)
    } finally {
      this.isBusy = false
    }
  }

  /** To be called when no round is on its way. */
  async sendLast(watermark: number): Promise<void> {
    if (watermark < 0 || watermark <= this.sent) return
    await this.shards.renew()
    await this.round(watermark)
  }

  private async round(watermark: number): Promise<void> {
    this.sent = watermark
    const marked = new Set<string>()
    for (;;) {
      const shards = this.shards.open.filter(({ id }) => !marked.has(id))
      if (shards.length === 0) break
      const landedIn = await this.put(watermark, shards)
      for (const id of landedIn) marked.add(id)
      if (shards.every(({ id }) => landedIn.has(id))) break
      await this.shards.renew()
    }
    this.rounds++
  }

  /** Gives the shards in which the markers have landed. */
  private async put(watermark: number, shards: readonly ShardOfStream[]): Promise<ReadonlySet<string>> {
    const Data = encodeTaxiEvent({ type: 'watermark', watermark })
    const outgoing = shards.map(({ id, startingHashKey }) => ({
      entry: { Data, PartitionKey: id, ExplicitHashKey: startingHashKey },
      time: watermark,
    }))
    const flight = new Flight(outgoing, { context: this.context, shards: this.shards })
    await flight.put()
    return flight.landedIn
  }
}
