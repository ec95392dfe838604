import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import type { TripEvent } from '../events/index.js'
import { Batch } from './batch.js'
import { pause, type ReplayEnvironment, realEnvironment } from './environment.js'
import { Flight, type PutContext, type PutCounts } from './flight.js'
import { Markers, markerTime } from './markers.js'
import { Schedule, type Speedup } from './schedule.js'

export interface ReplayOptions {
  readonly client: KinesisClient
  readonly stream: string
  /** In the order of their drop-off; what is not is sent all the same. */
  readonly trips: AsyncIterable<readonly TripEvent[]>
  /** Event time that passes in a second of real time, or as fast as it goes. Default `max`. */
  readonly speedup?: Speedup
  /**
   * PutRecords calls under way at the same time. Default 1, which keeps the order of trips in each shard (but for records
   * that Kinesis throttles); more are faster over a slow network, in no order: for jobs that go by the markers.
   */
  readonly inFlight?: number
  /** A marker goes into every open shard each second, and each so many trips. Default 5000. */
  readonly tripsPerMarker?: number
  readonly onProgress?: (progress: ReplayProgress) => void
  /** Default 20 s. */
  readonly progressEveryMs?: number
  /** Fails if Kinesis acknowledges nothing for so long. Default 60 s. */
  readonly giveUpMs?: number
  readonly signal?: AbortSignal
  readonly environment?: ReplayEnvironment
}

export interface ReplayProgress {
  /** Trips that Kinesis has acknowledged. */
  readonly acknowledged: number
  /** All trips up to this event time are acknowledged; `undefined` before the first one is. */
  readonly timeReached: number | undefined
  readonly elapsedMs: number
  /** Since the last progress; in the final result since the start. */
  readonly tripsPerSecond: number
  /** How far behind its schedule the replay is; 0 with `max`. */
  readonly lagMs: number
  /** Rounds of markers, one marker in each open shard. */
  readonly markerRounds: number
  /** The latest marker, `undefined` before the first one. */
  readonly watermark: number | undefined
  /** Records, markers included, that were throttled or failed inside of Kinesis and were sent again. */
  readonly retried: number
  /** Records, markers included, sent again because the answer got lost: Kinesis may have them twice. */
  readonly uncertain: number
}

const MARKER_EVERY_MS = 1000
/** Shorter waits would put trips one by one. */
const SHORTEST_WAIT_MS = 20

/**
 * Puts trips into a stream at `speedup` times the speed at which they happened, and watermark markers into each of its
 * open shards. A marker passes no trip that is not acknowledged, or has the same drop-off time as one that is yet to
 * come; the last one, when everything is acknowledged, is the latest drop-off itself. At least once: a trip whose
 * acknowledgement got lost is sent again, and counted.
 * @throws TidemarkError KINESIS_REFUSED, KINESIS_UNREACHABLE; the signal's reason when that aborts
 */
export async function replay(options: ReplayOptions): Promise<ReplayProgress> {
  const { speedup = 'max', inFlight = 1, tripsPerMarker = 5000 } = options
  requirePositive('speedup', speedup === 'max' ? 1 : speedup)
  requirePositive('inFlight', inFlight)
  requirePositive('tripsPerMarker', tripsPerMarker)
  return new Replay({ ...options, speedup, inFlight, tripsPerMarker }).run()
}

function requirePositive(option: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return
  throw new TidemarkError({
    code: 'REPLAY_OPTION_INVALID',
    domain: 'user',
    message: `replay: ${option} is ${value}, expected a number greater than 0`,
  })
}

type Settings = ReplayOptions & Required<Pick<ReplayOptions, 'speedup' | 'inFlight' | 'tripsPerMarker'>>

class Replay {
  private readonly settings: Settings
  private readonly environment: ReplayEnvironment
  private readonly failure = new AbortController()
  private readonly context: PutContext
  private readonly markers: Markers
  private readonly markerCounts: PutCounts = { acknowledged: 0, retried: 0, uncertain: 0 }
  private readonly schedule: Schedule
  private readonly batch = new Batch()
  private readonly flights = new Set<Flight>()
  /** Settles when a flight has ended; never rejects, failures go to `failure`. */
  private readonly landings = new Set<Promise<void>>()
  private markerRound: Promise<void> = Promise.resolve()
  private readonly startedAt: number
  /** The latest drop-off that was taken. */
  private latest = Number.NEGATIVE_INFINITY
  /** Event time of the trip that waits for its time. */
  private waiting = Number.POSITIVE_INFINITY
  private tripsAtLastMarker = 0
  private lastReport: { readonly at: number; readonly acknowledged: number }

  constructor(settings: Settings) {
    this.settings = settings
    this.environment = settings.environment ?? realEnvironment()
    const signals = settings.signal === undefined ? [] : [settings.signal]
    this.context = {
      client: settings.client,
      stream: settings.stream,
      environment: this.environment,
      signal: AbortSignal.any([this.failure.signal, ...signals]),
      giveUpMs: settings.giveUpMs ?? 60_000,
      counts: { acknowledged: 0, retried: 0, uncertain: 0 },
    }
    this.markers = new Markers({ ...this.context, counts: this.markerCounts })
    this.schedule = new Schedule(settings.speedup)
    this.startedAt = this.environment.clock.monotonic()
    this.lastReport = { at: this.startedAt, acknowledged: 0 }
  }

  async run(): Promise<ReplayProgress> {
    const stopMarkers = this.every(MARKER_EVERY_MS, () => this.sendMarker())
    const { onProgress, progressEveryMs = 20_000 } = this.settings
    const stopReports = this.every(progressEveryMs, () => onProgress?.(this.progress()))
    try {
      for await (const trips of this.settings.trips) await this.replayBatch(trips)
      this.flush()
      await this.landed()
      stopMarkers()
      await this.markerRound
      this.context.signal.throwIfAborted()
      await this.markers.sendLast(this.latest)
      return this.summary()
    } catch (thrown) {
      this.failure.abort(thrown)
      await Promise.all([...this.landings, this.markerRound])
      throw thrown
    } finally {
      stopMarkers()
      stopReports()
    }
  }

  private async replayBatch(trips: readonly TripEvent[]): Promise<void> {
    for (const trip of trips) {
      if (this.untilDue(trip) > 0) await this.waitFor(trip)
      this.batch.add(trip)
      if (trip.dropoffTime > this.latest) this.latest = trip.dropoffTime
      if (this.batch.isFull) {
        await this.freeFlight()
        this.flush()
      }
    }
  }

  private untilDue(trip: TripEvent): number {
    if (this.settings.speedup === 'max') return 0
    return this.schedule.untilDue(trip.dropoffTime, this.environment.clock.monotonic())
  }

  private async waitFor(trip: TripEvent): Promise<void> {
    this.waiting = trip.dropoffTime
    if (!this.batch.isEmpty) {
      await this.freeFlight()
      this.flush()
    }
    let delayMs = this.untilDue(trip)
    while (delayMs > 0) {
      await pause(this.environment, Math.max(delayMs, SHORTEST_WAIT_MS), this.context.signal)
      delayMs = this.untilDue(trip)
    }
    this.waiting = Number.POSITIVE_INFINITY
  }

  private async freeFlight(): Promise<void> {
    while (this.flights.size >= this.settings.inFlight) await Promise.race(this.landings)
    this.context.signal.throwIfAborted()
  }

  private async landed(): Promise<void> {
    await Promise.all(this.landings)
    this.context.signal.throwIfAborted()
  }

  private flush(): void {
    if (this.batch.isEmpty) return
    const flight = new Flight(this.context, this.batch.take())
    const landing = flight
      .put()
      .catch((thrown) => this.failure.abort(thrown))
      .then(() => {
        this.flights.delete(flight)
        this.landings.delete(landing)
        if (this.context.counts.acknowledged - this.tripsAtLastMarker >= this.settings.tripsPerMarker) this.sendMarker()
      })
    this.flights.add(flight)
    this.landings.add(landing)
  }

  private sendMarker(): void {
    if (this.context.signal.aborted) return
    const watermark = this.reached()
    if (!Number.isFinite(watermark)) return
    this.tripsAtLastMarker = this.context.counts.acknowledged
    const round = this.markers.send(watermark).catch((thrown) => this.failure.abort(thrown))
    this.markerRound = Promise.all([this.markerRound, round]).then(() => undefined)
  }

  /** What a marker may say now; not finite before the first trip. */
  private reached(): number {
    let oldestUnacknowledged = Number.POSITIVE_INFINITY
    for (const flight of this.flights) oldestUnacknowledged = Math.min(oldestUnacknowledged, flight.oldest)
    const known = Math.min(this.batch.oldest, this.waiting)
    const nextToSend = known === Number.POSITIVE_INFINITY ? this.latest : known
    return markerTime({ oldestUnacknowledged, nextToSend })
  }

  /** Calls back each so often until it is stopped. */
  private every(intervalMs: number, callback: () => void): () => void {
    let cancel = (): void => undefined
    const again = (): void => {
      cancel = this.environment.timers.after(intervalMs, () => {
        try {
          callback()
        } catch (thrown) {
          return this.failure.abort(thrown)
        }
        again()
      })
    }
    again()
    return () => cancel()
  }

  private progress(): ReplayProgress {
    const at = this.environment.clock.monotonic()
    const { acknowledged } = this.context.counts
    const seconds = (at - this.lastReport.at) / 1000
    const tripsPerSecond = seconds > 0 ? (acknowledged - this.lastReport.acknowledged) / seconds : 0
    this.lastReport = { at, acknowledged }
    const reached = this.reached()
    return this.facts({
      at,
      tripsPerSecond,
      timeReached: acknowledged === 0 || !Number.isFinite(reached) ? undefined : reached,
    })
  }

  private summary(): ReplayProgress {
    const at = this.environment.clock.monotonic()
    const seconds = (at - this.startedAt) / 1000
    const { acknowledged } = this.context.counts
    return this.facts({
      at,
      tripsPerSecond: seconds > 0 ? acknowledged / seconds : 0,
      timeReached: acknowledged === 0 ? undefined : this.latest,
    })
  }

  private facts(rate: { at: number; tripsPerSecond: number; timeReached: number | undefined }): ReplayProgress {
    const { counts } = this.context
    const next = Number.isFinite(this.waiting) ? this.waiting : this.latest
    return {
      acknowledged: counts.acknowledged,
      timeReached: rate.timeReached,
      elapsedMs: rate.at - this.startedAt,
      tripsPerSecond: rate.tripsPerSecond,
      lagMs: Number.isFinite(next) ? Math.max(0, -this.schedule.untilDue(next, rate.at)) : 0,
      markerRounds: this.markers.rounds,
      watermark: Number.isFinite(this.markers.sent) ? this.markers.sent : undefined,
      retried: counts.retried + this.markerCounts.retried,
      uncertain: counts.uncertain + this.markerCounts.uncertain,
    }
  }
}
