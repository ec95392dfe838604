import { encodeTaxiEvent } from '../events/index.js'
import { Flight, type Outgoing, type PutContext } from './flight.js'
import { retrying } from './retry.js'
import { listOpenShards, type OpenShard } from './stream.js'

const REFRESH_SHARDS_MS = 10_000
const MAX_RECORDS = 500

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
 * Sends a marker into every open shard, one round after the other, never going back. The list of shards is renewed every
 * 10 s and before the last round, for streams that are resharded meanwhile.
 */
export class Markers {
  private readonly context: PutContext
  private shards: readonly OpenShard[] = []
  private listedAt = Number.NEGATIVE_INFINITY
  private isBusy = false
  /** The latest watermark sent. */
  sent = Number.NEGATIVE_INFINITY
  rounds = 0

  constructor(context: PutContext) {
    this.context = context
  }

  /** Does nothing while a round is on its way, or if the watermark would not advance. */
  async send(watermark: number): Promise<void> {
    if (this.isBusy || watermark < 0 || watermark <= this.sent) return
    this.isBusy = true
    try {
      await this.round(watermark, { isLast: false })
    } finally {
      this.isBusy = false
    }
  }

  /** To be called when no round is on its way. */
  async sendLast(watermark: number): Promise<void> {
    if (watermark > this.sent) await this.round(watermark, { isLast: true })
  }

  private async round(watermark: number, { isLast }: { isLast: boolean }): Promise<void> {
    const now = this.context.environment.clock.monotonic()
    this.sent = watermark
    if (isLast || now - this.listedAt >= REFRESH_SHARDS_MS) {
      this.shards = await this.openShards()
      this.listedAt = now
    }
    const Data = encodeTaxiEvent({ type: 'watermark', watermark })
    const outgoing: readonly Outgoing[] = this.shards.map(({ id, hashKey }) => ({
      entry: { Data, PartitionKey: id, ExplicitHashKey: hashKey },
      time: watermark,
    }))
    for (let start = 0; start < outgoing.length; start += MAX_RECORDS) {
      await new Flight(this.context, outgoing.slice(start, start + MAX_RECORDS)).put()
    }
    this.rounds++
  }

  private async openShards(): Promise<readonly OpenShard[]> {
    const { client, stream, signal } = this.context
    return retrying(this.context, () => listOpenShards(client, stream, signal))
  }
}
