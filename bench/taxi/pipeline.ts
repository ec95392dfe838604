import type { Sink } from 'tidemark'
import { run } from 'tidemark/run'
import type { PickupCount, TripDuration } from '../../examples/taxi/documents.js'
import { decodeTaxiEvent } from '../../examples/taxi/events/index.js'
import job from '../../examples/taxi/job.js'
import { counting, into } from '../plain-sinks.js'
import { recordsSource } from '../records-source.js'
import type { TaxiResults } from './results.js'

/** The job of examples/taxi as it is, but for its ends: records from memory, rows into arrays. */
export async function taxiPipeline(shards: readonly (readonly Buffer[])[], parallelism: number): Promise<TaxiResults> {
  const pickups: PickupCount[] = []
  const durations: TripDuration[] = []
  const dropped = counting<unknown>()
  const handle = await run(job, {
    parallelism,
    sources: { 'taxi-events': recordsSource(shards, decodeTaxiEvent) },
    sinks: {
      'pickup-count': into(pickups) as Sink<unknown>,
      'trip-duration': into(durations) as Sink<unknown>,
      'late-trips': dropped,
      'malformed-events': dropped,
    },
  })
  await handle.result
  if (dropped.rows > 0) throw new Error(`${dropped.rows} trips were late: no result may miss one`)
  return { pickups, durations }
}
