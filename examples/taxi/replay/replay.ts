import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import type { TripEvent } from '../events/index.js'
import { Batch } from './batch.js'
import { pauseUnlessStopped, type ReplayEnvironment, realEnvironment } from './environment.js'
import { Flight, noCounts, type PutContext, type PutCounts } from './flight.js'
import { Markers, markerTime } from './markers.js'
import { leftToReplay, type ReplayPosition, START } from './position.js'
import { DEFAULT_SPEEDUP, Schedule, type Speedup } from './schedule.js'
import { Shards } from './shards.js'

export interface ReplayOptions {
  readonly client: KinesisClient
  readonly stream: string
  /** In the order of their drop-off; what is not is sent all the same. */
  readonly trips: AsyncIterable<readonly TripEvent[]>
  /** Event time that passes in a second of real time, or `max`: as fast as it goes. Default 6480. */
  readonly speedup?: Speedup
  /**
   * PutRecords calls under way at the same time. Default 1, which keeps the order of trips in each shard (but for records
   * that Kinesis throttles); more are faster over a slow network, in no order: for jobs that go by the markers.
   */
  readonly inFlight?: number
  /** Packs trips into aggregated (KPL) records, some two hundred into one. Default: each is a record of its own. */
  readonly aggregate?: boolean
  /** Goes on behind what an earlier replay of the same trips has put. */
  readonly from?: ReplayPosition
  /** Called each second, and at the end however that comes, with what `from` of a later replay takes. */
  readonly onPosition?: (position: ReplayPosition) => void
  /** A marker goes into every open shard each second, and each so many trips. Default 5000. */
  readonly tripsPerMarker?: number
  readonly onProgress?: (progress: ReplayProgress) => void
  /** Default 20 s. */
  readonly progressEveryMs?: number
  /** Fails if Kinesis acknowledges nothing for so long. Default 60 s. */
  readonly giveUpMs?: number
  /** Ends the replay: takes no more trips, and waits for those that are on their way. */
  readonly stop?: AbortSignal
  /** Breaks it off. */
  readonly signal?: AbortSignal
  readonly environment?: ReplayEnvironment
}

export interface ReplayProgress {
  /** Trips that Kinesis has acknowledged, in this replay. */
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
  /** Trips sent again because the stream was resharded under their aggregated record. */
  readonly strayed: number
  /** Everything up to it is acknowledged. */
  readonly position: ReplayPosition
}

const MARKER_EVERY_MS = 1000
/** Shorter waits would put trips one by one. */
const SHORTEST_WAIT_MS = 20

/**
 * Puts trips into a stream at `speedup` times the speed at which they happened, and watermark markers into each of its
 * open shards. A marker passes no trip that is not acknowledged, or has the same drop-off time as one that is yet to
 * come; the last one, when everything is acknowledged, is the latest drop-off itself. At least once: a trip whose
 * acknowledgement got lost is sent again, and counted.
 * @throws TidemarkError KINESIS_REFUSED, KINESIS_UNREACHABLE; REPLAY_POSITION_INVALID where `from` is not of these trips; the signal's reason when that aborts
 */
export async function replay(options: ReplayOptions): Promise<ReplayProgress> {
  const { speedup = DEFAULT_SPEEDUP, inFlight = 1, tripsPerMarker = 5000 } = options
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

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined)

interface TakenTrips {
  readonly trips: number
  /** The latest drop-off among them, -Infinity before the first. */
  readonly latest: number
}

type Settings = ReplayOptions & Required<Pick<ReplayOptions, 'speedup' | 'inFlight' | 'tripsPerMarker'>>

class Replay {
  private readonly settings: Settings
  private readonly environment: ReplayEnvironment
  private readonly failure = new AbortController()
  private readonly context: PutContext
  private readonly markers: Markers
  private readonly shards: Shards
  private readonly markerCounts: PutCounts = noCounts()
  private readonly schedule: Schedule
  private readonly batch: Batch
  /** In the order of their trips, each with the number of those before it. */
  private readonly flights = new Map<Flight, TakenTrips>()
  /** Settles when a flight has ended; never rejects, failures go to `failure`. */
  private readonly landings = new Set<Promise<void>>()
  private markerRound: Promise<void> = Promise.resolve()
  private readonly startedAt: number
  /** All that were taken, and those among them that are not in the batch. */
  private taken: TakenTrips
  private flown: TakenTrips
  private isComplete = false
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
      counts: noCounts(),
    }
    const { trips, latest, watermark } = settings.from ?? START
    const markerContext = { ...this.context, counts: this.markerCounts }
    this.shards = new Shards(markerContext)
    this.markers = new Markers(markerContext, { shards: this.shards, sent: watermark ?? Number.NEGATIVE_INFINITY })
    this.batch = new Batch(settings.aggregate === true ? this.shards : undefined)
    this.taken = { trips, latest: latest ?? Number.NEGATIVE_INFINITY }
    this.flown = this.taken
    this.schedule = new Schedule(settings.speedup)
    this.startedAt = this.environment.clock.monotonic()
    this.lastReport = { at: this.startedAt, acknowledged: 0 }
  }

  async run(): Promise<ReplayProgress> {
    const { from = START, onPosition, aggregate = false, trips: given } = this.settings
    const stopMarkers = this.every(MARKER_EVERY_MS, () => {
      // Where trips come slowly none waits longer than this for others that fill its call.
      if (this.landings.size < this.settings.inFlight) this.flush()
      this.sendMarker()
      onPosition?.(this.position)
    })
    const { onProgress, progressEveryMs = 20_000 } = this.settings
    const stopReports = this.every(progressEveryMs, () => onProgress?.(this.progress()))
    try {
      if (aggregate) await this.shards.renew()
      for await (const trips of leftToReplay(given, from)) {
        await this.replayBatch(trips)
        if (this.isStopped) break
      }
      this.flush()
      await this.landed()
      stopMarkers()
      await this.markerRound
      this.context.signal.throwIfAborted()
      // Of what comes next after a stop only this much is known: that it does not end sooner.
      await this.markers.sendLast(this.isStopped ? this.taken.latest - 1 : this.taken.latest)
      this.isComplete = !this.isStopped
      onPosition?.(this.position)
      return this.summary()
    } catch (thrown) {
      this.failure.abort(thrown)
      await Promise.all([...this.landings, this.markerRound])
      onPosition?.(this.position)
      throw thrown
    } finally {
      stopMarkers()
      stopReports()
    }
  }

  private async replayBatch(trips: readonly TripEvent[]): Promise<void> {
    for (const trip of trips) {
      if (this.untilDue(trip) > 0) await this.waitFor(trip)
      if (this.isStopped) return
      this.batch.add(trip)
      this.taken = { trips: this.taken.trips + 1, latest: Math.max(this.taken.latest, trip.dropoffTime) }
      if (this.batch.isFull) {
        await this.freeFlight()
        this.flush()
      }
    }
  }

  private get isStopped(): boolean {
    return this.settings.stop?.aborted === true
  }

  private get position(): ReplayPosition {
    // Failed flights stay where they are: what is behind the first one is not counted on.
    const [unacknowledged = this.flown] = this.flights.values()
    const { trips, latest } = unacknowledged
    return { trips, latest: finite(latest), watermark: finite(this.markers.sent), isComplete: this.isComplete }
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
    while (delayMs > 0 && !this.isStopped) {
      await pauseUnlessStopped(this.environment, Math.max(delayMs, SHORTEST_WAIT_MS), {
        signal: this.context.signal,
        stop: this.settings.stop,
      })
      delayMs = this.untilDue(trip)
    }
    this.waiting = Number.POSITIVE_INFINITY
  }

  private async freeFlight(): Promise<void> {
    while (this.landings.size >= this.settings.inFlight) await Promise.race(this.landings)
    this.context.signal.throwIfAborted()
  }

  private async landed(): Promise<void> {
    await Promise.all(this.landings)
    this.context.signal.throwIfAborted()
  }

  private flush(): void {
    if (this.batch.isEmpty || this.context.signal.aborted) return
    const flight = new Flight(this.batch.take(), { context: this.context, shards: this.shards })
    const landing = flight
      .put()
      .then(
        () => this.flights.delete(flight),
        (thrown) => this.failure.abort(thrown),
      )
      .then(() => {
        this.landings.delete(landing)
        if (this.context.counts.acknowledged - this.tripsAtLastMarker >= this.settings.tripsPerMarker) this.sendMarker()
      })
    this.flights.set(flight, this.flown)
    this.flown = this.taken
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
    for (const flight of this.flights.keys()) oldestUnacknowledged = Math.min(oldestUnacknowledged, flight.oldest)
    const known = Math.min(this.batch.oldest, this.waiting)
    const nextToSend = known === Number.POSITIVE_INFINITY ? this.taken.latest : known
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
      timeReached: acknowledged === 0 ? undefined : this.taken.latest,
    })
  }

  private facts(rate: { at: number; tripsPerSecond: number; timeReached: number | undefined }): ReplayProgress {
    const { counts } = this.context
    const next = Number.isFinite(this.waiting) ? this.waiting : this.taken.latest
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
      strayed: counts.strayed,
      position: this.position,
    }
  }
}
