import { boundedOutOfOrderness, count, defineJob, hours, markers, type Source, seconds, sum, tumbling } from 'tidemark'
import { kinesis } from 'tidemark/kinesis'
import { z } from 'zod'
import { busyAreas } from './busy-areas.js'
import type { PickupCount, TripDuration } from './documents.js'
import { decodeTaxiEvent, type TaxiEvent, type TripEvent } from './events/index.js'
import { type AirportCode, airportAt, geohash, inNewYork } from './geo/index.js'
import { busyAreaDocuments, pickupCountDocuments, tripDurationDocuments } from './output/documents.js'
import { type ArchivedTrip, leftOver, pickupCounts, tripArchive, tripDurations } from './output/files.js'

const parameters = z.object({
  kinesis: z.string().optional().describe('URL of a Kinesis endpoint; default: AWS'),
  stream: z.string().default('taxi').describe('name of the stream'),
  consumer: z.string().optional().describe('enhanced fan-out with a consumer of this name; default: polling'),
  endAt: z.enum(['tip', 'never']).default('never').describe('tip: read what is in the stream at the start, then end'),
  out: z.string().default('out/taxi').describe('folder of the results'),
  format: z.enum(['jsonl', 'parquet']).default('parquet').describe('format of the results'),
  opensearch: z.string().optional().describe('URL of an OpenSearch that gets the results too'),
  indexPrefix: z.string().default('').describe('before the names of the indices'),
  s3: z.string().optional().describe('s3://bucket/prefix of the archive of all trips, and of what is in no result'),
  s3Endpoint: z.string().optional().describe('of another S3 than AWS'),
  watermarks: z.enum(['markers', 'bounded']).default('markers').describe("the replayer's markers, or 60 s behind"),
})
type Parameters = z.infer<typeof parameters>
type StreamParameters = Pick<Parameters, 'stream' | 'kinesis' | 'endAt' | 'consumer'>

/**
 * Where New York's taxis are taken, and how long it takes to the airports, hour by hour: the job of AWS's Flink
 * example. Event time is the drop-off.
 */
export default defineJob('taxi-hotspots', { parameters }, (job) => {
  const { opensearch, s3, s3Endpoint } = job.parameters
  const events = job.from('taxi-events', taxiEvents(job.parameters), eventTime(job.parameters))
  const allTrips = events.filter((event) => event.type === 'trip', { name: 'trips' })
  const trips = allTrips.filter(
    (trip) =>
      inNewYork(trip.pickupLatitude, trip.pickupLongitude) && inNewYork(trip.dropoffLatitude, trip.dropoffLongitude),
    { name: 'in New York' },
  )

  const pickups = trips
    .keyBy((trip) => geohash(trip.pickupLatitude, trip.pickupLongitude, 7))
    .window(tumbling(hours(1)))
    .aggregate('pickups-per-cell', { pickups: count() })
  const counts = pickups.map(
    (cell): PickupCount => ({ location: cell.key, pickup_count: cell.pickups, timestamp: cell.window.end }),
  )
  counts.to('pickup-count', pickupCounts(job.parameters))

  const durations = trips
    .flatMap((trip) => toAirport(trip))
    .keyBy((trip) => [trip.cell, trip.airport])
    .window(tumbling(hours(1)))
    .aggregate('durations-to-airports', { trips: count(), minutes: sum((trip) => trip.minutes) })
    .filter((cell) => cell.trips > 1)
    .map(
      ({ key: [location, airport], trips, minutes, window }): TripDuration => ({
        location,
        airport_code: airport,
        sum_trip_duration: minutes,
        avg_trip_duration: minutes / trips,
        timestamp: window.end,
      }),
    )
  durations.to('trip-duration', tripDurations(job.parameters))

  if (opensearch !== undefined) {
    const output = { ...job.parameters, opensearch }
    counts.to('pickup-count-documents', pickupCountDocuments(output))
    durations.to('trip-duration-documents', tripDurationDocuments(output))
    busyAreas(trips.keyBy(() => 'New York')).to('busy-area-documents', busyAreaDocuments(output))
  }
  if (s3 !== undefined) allTrips.map(archived).to('trip-archive', tripArchive(s3, s3Endpoint))

  // Every trip passes the windows of the pickups, so what is late there is all that is late.
  pickups.late.to('late-trips', leftOver(job.parameters, 'late_trips'))
  events.malformed
    .map(({ split, offset, code, message, raw }) => ({ split, offset, code, message, raw: toBase64(raw) }))
    .to('malformed-events', leftOver(job.parameters, 'malformed_events'))
})

/** The stream as the job reads it, for whoever replaces it by something that reads it too. */
export function taxiEvents({ stream, kinesis: endpoint, endAt, consumer }: StreamParameters): Source<TaxiEvent> {
  return kinesis({
    stream,
    startAt: 'horizon',
    decode: decodeTaxiEvent,
    onMalformed: 'deadLetter',
    ...(endpoint === undefined ? {} : { endpoint, ...(isAws(endpoint) ? {} : LOCAL_PACE) }),
    ...(consumer === undefined ? {} : { fanOut: { consumerName: consumer } }),
    ...(endAt === 'tip' ? { endAt } : {}),
  })
}

/** A local Kinesis has no limits, and shares the event loop's processor: many small answers instead of few large ones. */
const LOCAL_PACE = {
  callsPerSecond: Number.POSITIVE_INFINITY,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  targetBytesPerCall: 256 * 1024,
}

const isAws = (url: string): boolean => /\.amazonaws\.com(?:\.cn)?$/.test(new URL(url).hostname)

function eventTime({ watermarks }: Parameters) {
  const timestamp = (event: TaxiEvent): number => (event.type === 'trip' ? event.dropoffTime : event.watermark)
  if (watermarks === 'bounded') return boundedOutOfOrderness({ timestamp, maxDelay: seconds(60) })
  return markers({ timestamp, watermark: (event) => (event.type === 'watermark' ? event.watermark : undefined) })
}

/** The trip as the airport sees it. Arrays instead of a generator: most trips go nowhere near, and this runs for each. */
function toAirport(trip: TripEvent): readonly AirportTrip[] {
  const airport = airportAt(trip.dropoffLatitude, trip.dropoffLongitude)
  if (airport === undefined) return NOT_TO_AIRPORT
  const cell = geohash(trip.pickupLatitude, trip.pickupLongitude, 6)
  return [{ cell, airport, minutes: Math.trunc((trip.dropoffTime - trip.pickupTime) / 60_000) }]
}

interface AirportTrip {
  readonly cell: string
  readonly airport: AirportCode
  readonly minutes: number
}

const NOT_TO_AIRPORT: readonly AirportTrip[] = []

function archived(trip: TripEvent): ArchivedTrip {
  return {
    trip_id: trip.tripId === undefined ? undefined : String(trip.tripId),
    pickup_datetime: trip.pickupTime,
    dropoff_datetime: trip.dropoffTime,
    pickup_latitude: trip.pickupLatitude,
    pickup_longitude: trip.pickupLongitude,
    dropoff_latitude: trip.dropoffLatitude,
    dropoff_longitude: trip.dropoffLongitude,
    total_amount: trip.totalAmount,
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
