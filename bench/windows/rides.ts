import { boundedOutOfOrderness, count, defineJob, seconds, sum, type TimeWindow, type WindowAssigner } from 'tidemark'
import { collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { counting } from '../plain-sinks.js'

export interface Ride {
  readonly zone: string
  readonly at: number
  readonly fare: number
}

/** In order, one every `stepMs` of event time. */
export function makeRides(
  amount: number,
  { zones, stepMs }: { readonly zones: number; readonly stepMs: number },
): Ride[] {
  const start = Date.UTC(2016, 0, 1)
  return Array.from({ length: amount }, (_, index) => ({
    zone: `zone-${(index * 7919) % zones}`,
    at: start + index * stepMs,
    fare: index % 50,
  }))
}

/** Counts and sums by zone and window; returns how many rows came out. */
export async function windowed(rides: readonly Ride[], assigner: WindowAssigner<Ride, TimeWindow>): Promise<number> {
  const rows = counting<unknown>()
  const job = defineJob('windows', (job) => {
    job
      .from(
        'rides',
        collection(rides),
        boundedOutOfOrderness({ timestamp: (ride) => ride.at, maxDelay: seconds(1), maxSkew: false }),
      )
      .keyBy((ride) => ride.zone)
      .window(assigner)
      .aggregate('per-zone', { rides: count(), fares: sum((ride) => ride.fare) })
      .to('rows', rows)
  })
  await (await run(job)).result
  return rows.rows
}
