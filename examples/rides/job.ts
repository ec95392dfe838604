import {
  boundedOutOfOrderness,
  type DeadLetter,
  type Duration,
  days,
  defineJob,
  type KeyedProcessContext,
  MAX_WATERMARK,
  type Sink,
  type Source,
  seconds,
  sideOutput,
  valueState,
} from 'tidemark'
import type { Place, RideEvent } from './event.js'

/** Both events of a ride, put together. Times are epoch milliseconds. */
export interface Ride {
  readonly ride: number
  readonly taxi: number
  readonly driver: number
  readonly start: number
  readonly end: number
  readonly minutes: number
  readonly isLong: boolean
}

/** A ride without an end when its time was up. */
export interface LongRide {
  readonly ride: number
  readonly taxi: number
  readonly driver: number
  readonly start: number
  /** False: the input ended before that time was up. */
  readonly isOverdue: boolean
}

/** The end of a long ride came after all, from within its time: it was only late. */
export interface Withdrawn {
  readonly ride: number
  readonly start: number
  readonly end: number
}

export interface RidesOptions {
  readonly events: Source<RideEvent>
  readonly rides: Sink<Ride>
  readonly long: Sink<LongRide>
  readonly withdrawn: Sink<Withdrawn>
  /** Ends whose start never came. */
  readonly unmatched: Sink<RideEvent>
  readonly malformed: Sink<DeadLetter>
  /** A ride that takes longer is long. */
  readonly longAfter: Duration
}

/** What is kept of an event until it has met its other half. */
const FORGET_AFTER_MS = days(1).ms

const state = {
  start: valueState<RideEvent>(),
  end: valueState<RideEvent>(),
  isReported: valueState<boolean>(),
}
const sideOutputs = {
  long: sideOutput<LongRide>(),
  withdrawn: sideOutput<Withdrawn>(),
  unmatched: sideOutput<RideEvent>(),
}
type Context = KeyedProcessContext<number, typeof state, typeof sideOutputs>

/**
 * Taxi rides from their start and end events: put together by ride, with those reported that have no end in time. An
 * end may come before its start, and long after the report: then the report is withdrawn, if the ride was not long.
 */
export function ridesJob(options: RidesOptions) {
  const { events: source, longAfter } = options
  return defineJob('rides', (job) => {
    const byTime = boundedOutOfOrderness<RideEvent>({ timestamp: (event) => event.at, maxDelay: seconds(60) })
    const events = job.from('ride-events', source, byTime)
    events.malformed.to('malformed', options.malformed)

    const inCity = events.filter(({ from, to }) => isInCity(from) && isInCity(to), { name: 'in New York' })
    const starts = inCity.filter((event) => event.type === 'start').keyBy((event) => event.ride)
    const ends = inCity.filter((event) => event.type === 'end').keyBy((event) => event.ride)

    const rides = starts.connect(ends).process('rides', {
      state,
      sideOutputs,
      onLeft(start, ctx) {
        const end = ctx.state.end.value()
        if (end !== undefined) return complete(ctx, start, end)
        ctx.state.start.update(start)
        ctx.timers.registerEventTime(start.at + longAfter.ms)
        return []
      },
      onRight(end, ctx) {
        const start = ctx.state.start.value()
        if (start !== undefined) return complete(ctx, start, end)
        ctx.state.end.update(end)
        ctx.timers.registerEventTime(end.at + FORGET_AFTER_MS)
        return []
      },
      onTimer(_timer, ctx) {
        const start = ctx.state.start.value()
        if (start !== undefined && ctx.state.isReported.value() !== true) {
          reportLong(ctx, start, { isOverdue: ctx.watermark < MAX_WATERMARK })
          ctx.state.isReported.update(true)
          ctx.timers.registerEventTime(start.at + longAfter.ms + FORGET_AFTER_MS)
          return
        }
        const end = ctx.state.end.value()
        if (end !== undefined) ctx.sideOutputs.unmatched.emit(end)
        forget(ctx)
      },
    })

    rides.to('completed-rides', options.rides)
    rides.long.to('long-rides', options.long)
    rides.withdrawn.to('withdrawn', options.withdrawn)
    rides.unmatched.to('unmatched-ends', options.unmatched)

    function complete(ctx: Context, start: RideEvent, end: RideEvent): readonly Ride[] {
      const { ride, taxi, driver } = start
      const isLong = end.at - start.at > longAfter.ms
      const isReported = ctx.state.isReported.value() === true
      if (isReported && !isLong) ctx.sideOutputs.withdrawn.emit({ ride, start: start.at, end: end.at })
      // The watermark moves behind a batch: an end in the same one is faster than the timer.
      if (isLong && !isReported) reportLong(ctx, start, { isOverdue: true })
      // Timers that were not deleted would fire for a ride that is over, and keep its key until then.
      ctx.timers.deleteEventTime(start.at + longAfter.ms)
      ctx.timers.deleteEventTime(start.at + longAfter.ms + FORGET_AFTER_MS)
      ctx.timers.deleteEventTime(end.at + FORGET_AFTER_MS)
      forget(ctx)
      const minutes = (end.at - start.at) / 60_000
      return [{ ride, taxi, driver, start: start.at, end: end.at, minutes, isLong }]
    }
  })
}

function reportLong(ctx: Context, start: RideEvent, { isOverdue }: { readonly isOverdue: boolean }): void {
  const { ride, taxi, driver, at } = start
  ctx.sideOutputs.long.emit({ ride, taxi, driver, start: at, isOverdue })
}

function forget({ state }: Context): void {
  state.start.clear()
  state.end.clear()
  state.isReported.clear()
}

/** The box of the taxi example: what lies outside is a wrong position. */
function isInCity({ latitude, longitude }: Place): boolean {
  return latitude >= 40.56 && latitude <= 40.878 && longitude >= -74.054 && longitude <= -73.722
}
