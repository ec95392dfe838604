import { writeFile } from 'node:fs/promises'
import { generateTrips } from '../../../../examples/taxi/trips/index.js'
import { type GoldenResults, type GoldenTrip, goldenResults } from '../../../golden/taxi/results.js'

/** Writes a day of made-up trips as JSON lines, in no order, and gives what the job must make of them. */
export async function writeMadeUpTrips(
  file: string,
  { trips: count, seed }: { readonly trips: number; readonly seed: number },
): Promise<GoldenResults> {
  const trips: GoldenTrip[] = []
  const lines: string[] = []
  for await (const batch of generateTrips({ trips: count, seed })) {
    for (const trip of batch) {
      trips.push(trip)
      lines.push(
        JSON.stringify({
          trip_id: trip.tripId,
          pickup_datetime: new Date(trip.pickupTime).toISOString(),
          dropoff_datetime: new Date(trip.dropoffTime).toISOString(),
          pickup_longitude: trip.pickupLongitude,
          pickup_latitude: trip.pickupLatitude,
          dropoff_longitude: trip.dropoffLongitude,
          dropoff_latitude: trip.dropoffLatitude,
        }),
      )
    }
  }
  await writeFile(file, `${lines.join('\n')}\n`)
  return goldenResults(trips)
}
