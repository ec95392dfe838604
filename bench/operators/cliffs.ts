import { count, hours, millis, seconds, session, sliding, sum, tumbling } from 'tidemark'
import { absence, deduplicate, rateOfChange, sequence } from 'tidemark/patterns'
import { byZone, type JobInput, type Step, type Total, through } from './case.js'
import { chanceRides, type Ride, rideInTurn } from './rides.js'

/** What could be slow with much of it. */
export interface Cliff {
  readonly name: string
  /** How often the cost for a record may be that with a tenth of them. */
  readonly most: number
  /** The work for so many records, made beforehand. */
  prepare(amount: number): () => Promise<Total>
}

const HOUR = 3_600_000
const LONG = hours(10_000)
const totals = { rides: count(), fares: sum((ride: Ride) => ride.fare) }

/** The work of a record is the same with many, but for what memory costs: tables that are rehashed, caches that are missed. */
const FLAT = 1.5
/** A key each: the collector has all of them to look at, and no cache holds them. */
const OF_MEMORY = 3

export function cliffs(): Cliff[] {
  const of = <R>(name: string, { most, input, step }: Hard<R>): Cliff => ({
    name,
    most,
    prepare(amount) {
      const made = input(amount)
      return () => through(made, step)
    },
  })
  const zones = (amount: number): JobInput => ({ rides: chanceRides(amount, { zones: 100, stepMs: 15 }) })
  /** Each of a key of its own. */
  const keys = (amount: number): JobInput => ({ rides: rideInTurn(amount, { zones: amount, stepMs: 1 }) })
  const hotKey = (amount: number): JobInput => ({ rides: rideInTurn(amount, { zones: 1, stepMs: 1 }) })
  /** All that came is waited with, until the end. */
  const waiting =
    (input: (amount: number) => JobInput) =>
    (amount: number): JobInput => ({ ...input(amount), delay: LONG })
  const both =
    (input: (amount: number) => JobInput) =>
    (amount: number): JobInput => {
      const { rides, ...rest } = input(amount / 2)
      return { ...rest, rides, others: rides }
    }
  const late =
    (share: number) =>
    (amount: number): JobInput => ({ rides: withLate(zones(amount).rides, share) })
  return [
    ...[0, 0.1, 0.9].map((share) =>
      of(`tumbling 1 min, ${share * 100} % late`, {
        most: FLAT,
        input: late(share),
        step: windows(tumbling(seconds(60))),
      }),
    ),
    of('tumbling 1 min within the lateness, 90 % late', {
      most: FLAT,
      input: late(0.9),
      step: {
        build: (rides) =>
          byZone(rides)
            .window(tumbling(seconds(60)))
            .allowedLateness(LONG)
            .aggregate('w', totals),
        worth: (row) => row.rides,
      },
    }),
    of('tumbling 1 h, a key each', { most: OF_MEMORY, input: keys, step: windows(tumbling(hours(1))) }),
    of('sliding 1 min / 1 s, all windows open', {
      most: FLAT,
      input: waiting(zones),
      step: windows(sliding(seconds(60), seconds(1))),
    }),
    of('timers, a key each', { most: OF_MEMORY, input: keys, step: timers(10_000 * HOUR) }),
    of('timers, all of one key', { most: OF_MEMORY, input: hotKey, step: timers(10_000 * HOUR) }),
    of('sessions, a key each', { most: OF_MEMORY, input: keys, step: windows(session(LONG)) }),
    of('sessions, open at once in 100 keys', {
      most: OF_MEMORY,
      input: waiting(zones),
      step: windows(session(millis(10))),
    }),
    of('interval join, a key each', { most: OF_MEMORY, input: both(keys), step: interval }),
    of('interval join, one key', { most: FLAT, input: both(hotKey), step: interval }),
    of('window join, a key each', { most: OF_MEMORY, input: both(keys), step: windowJoin }),
    of('temporal join, a key each', { most: OF_MEMORY, input: both(keys), step: temporal }),
    of('temporal join, one key', { most: FLAT, input: both(hotKey), step: temporal }),
    of('tumbling 1 min, one key', { most: FLAT, input: hotKey, step: windows(tumbling(seconds(60))) }),
    of('deduplicate, an id each', {
      most: OF_MEMORY,
      input: keys,
      step: ridesOf((keyed) => keyed.pipe(deduplicate('p', { within: LONG }))),
    }),
    of('absence, a key each', {
      most: OF_MEMORY,
      input: keys,
      step: ridesOf((keyed) => keyed.pipe(absence('p', { within: LONG })).map(({ last }) => last)),
    }),
    of('rateOfChange, one key, all waiting', {
      most: OF_MEMORY,
      input: waiting(hotKey),
      step: ridesOf((keyed) => keyed.pipe(rateOfChange('p', { of: (ride) => ride.fare })).map(({ record }) => record)),
    }),
    of('sequence, one key, all of one time', {
      most: FLAT,
      input: (amount) => ({ rides: rideInTurn(amount, { zones: 1, stepMs: 0 }) }),
      step: ridesOf((keyed) =>
        keyed
          .pipe(
            sequence('p', {
              pattern: (p) => p.begin('first', (ride: Ride) => ride.fare === 7).followedBy('second', () => true),
              within: seconds(1),
            }),
          )
          .map(({ captures }) => captures.second),
      ),
    }),
  ]
}

interface Hard<R> {
  readonly most: number
  readonly input: (amount: number) => JobInput
  readonly step: Step<R>
}

function windows(assigner: ReturnType<typeof tumbling>): Step<{ readonly rides: number }> {
  return { build: (rides) => byZone(rides).window(assigner).aggregate('w', totals), worth: (row) => row.rides }
}

const ridesOf = (build: (keyed: ReturnType<typeof byZone>) => ReturnType<Step<Ride>['build']>): Step<Ride> => ({
  build: (rides) => build(byZone(rides)),
  worth: ({ fare }) => fare,
})

/** A timer for each ride, so long behind it. */
const timers = (delayMs: number): Step<number> => ({
  build: (rides) =>
    byZone(rides).process('p', {
      process: (ride, ctx) => ctx.timers.registerEventTime(ride.at + delayMs),
      onTimer: () => [1],
    }),
  worth: (row) => row,
})

const sumOfFares = (one: Ride, other: Ride | undefined): [number] => [one.fare + (other?.fare ?? 0)]
const joined = (build: Step<number>['build']): Step<number> => ({ build, worth: (row) => row })
const interval = joined((rides, others) =>
  byZone(rides)
    .intervalJoin(byZone(others()), { lower: { before: millis(1) }, upper: millis(1) })
    .process('j', sumOfFares),
)
const windowJoin = joined((rides, others) =>
  byZone(rides)
    .join(byZone(others()))
    .window(tumbling(hours(1)))
    .process('j', sumOfFares),
)
const temporal = joined((rides, others) => byZone(rides).temporalJoin(byZone(others())).process('j', sumOfFares))

/** After the first minutes such a share of the rides is an hour behind. */
function withLate(rides: readonly Ride[], share: number): readonly Ride[] {
  return rides.map((ride, index) =>
    index > 1000 && (index * 7) % 10 < share * 10 ? { ...ride, at: ride.at - HOUR } : ride,
  )
}
