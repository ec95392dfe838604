import {
  boundedOutOfOrderness,
  type Duration,
  defineJob,
  type KeyedStream,
  millis,
  type Sink,
  type Stream,
} from 'tidemark'
import { collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { type Ride, START } from './rides.js'

/** What came out: how many rows, and the sum of what each is worth, which does not depend on their order. */
export class Total {
  rows = 0
  sum = 0

  add(worth: number): void {
    this.rows++
    this.sum += worth
  }

  equals({ rows, sum }: Total): boolean {
    return rows === this.rows && sum === this.sum
  }
}

/** One operator and a plain loop that computes the same. */
export interface OperatorCase {
  readonly name: string
  /** How many records go in. */
  readonly records: number
  readonly engine: () => Promise<Total>
  readonly plain: () => Total | Promise<Total>
}

export type Rides = Stream<Ride>
export type Zones = KeyedStream<string, Ride>

export interface JobInput {
  readonly rides: readonly Ride[]
  readonly others?: readonly Ride[]
  /** Of the watermark. Default: none, the rides are in order. */
  readonly delay?: Duration
}

export interface Step<R> {
  build(rides: Rides, others: () => Rides): Stream<R>
  worth(row: R): number
}

/** Runs a job of one step between a collection and a sink that adds up. */
export async function through<R>({ rides, others = [], delay = millis(0) }: JobInput, step: Step<R>): Promise<Total> {
  const total = new Total()
  const byTime = boundedOutOfOrderness<Ride>({ timestamp: (ride) => ride.at, maxDelay: delay, maxSkew: false })
  const job = defineJob('operators', (job) => {
    const stream = job.from('rides', collection(rides), byTime)
    const build = step.build(stream, () => job.from('others', collection(others), byTime))
    build.to('total', adding(total, step.worth))
  })
  await (await run(job)).result
  return total
}

function adding<R>(total: Total, worth: (row: R) => number): Sink<R> {
  return {
    kind: 'total',
    guarantee: 'at-least-once',
    write: () => ({
      write({ values, length }) {
        for (let index = 0; index < length; index++) total.add(worth(values[index] as R))
        return length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}

export const byZone = (rides: Rides): Zones => rides.keyBy((ride) => ride.zone)

/** Small enough for sums of them to be exact. */
export const since = (timestamp: number): number => timestamp - START

/** Rides of each zone, in their order. */
export function zonesOf(rides: readonly Ride[]): Map<string, Ride[]> {
  const zones = new Map<string, Ride[]>()
  for (const ride of rides) {
    const own = zones.get(ride.zone)
    if (own === undefined) zones.set(ride.zone, [ride])
    else own.push(ride)
  }
  return zones
}
