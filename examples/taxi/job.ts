import {
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  markers,
  type Sink,
  type Source,
  seconds,
  sum,
  tumbling,
} from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { kinesis } from 'tidemark/kinesis'
import { parquetSink } from 'tidemark/parquet'
import { z } from 'zod'
import type { PickupCount, TripDuration } from './documents.js'
import { decodeTaxiEvent, type TaxiEvent, type TripEvent } from './events/index.js'
import { type AirportCode, airportAt, geohash, inNewYork } from './geo/index.js'

const parameters = z.object({
  kinesis: z.string().optional().describe('URL of a Kinesis endpoint; default: AWS'),
  stream: z.string().default('taxi').describe('name of the stream'),
  consumer: z.string().optional().describe('enhanced fan-out with a consumer of this name; default: polling'),
  endAt: z.enum(['tip', 'never']).default('never').describe('tip: read what is in the stream at the start, then end'),
  out: z.string().default('out/taxi').describe('folder of the results'),
  format: z.enum(['jsonl', 'parquet']).default('parquet').describe('format of the results'),
  watermarks: z.enum(['markers', 'bounded']).default('markers').describe("the replayer's markers, or 60 s behind"),
})
type Parameters = z.infer<typeof parameters>
type StreamParameters = Pick<Parameters, 'stream' | 'kinesis' | 'endAt' | 'consumer'>

/**
 * Where New York's taxis are taken, and how long it takes to the airports, hour by hour: the job of AWS's Flink
 * example. Event time is the drop-off.
 */
export default defineJob('taxi-hotspots', { parameters }, (job) => {
  const events = job.from('taxi-events', taxiEvents(job.parameters), eventTime(job.parameters))
  const trips = events
    .filter((event) => event.type === 'trip', { name: 'trips' })
    .filter(
      (trip) =>
        inNewYork(trip.pickupLatitude, trip.pickupLongitude) && inNewYork(trip.dropoffLatitude, trip.dropoffLongitude),
      { name: 'in New York' },
    )

  const pickups = trips
    .keyBy((trip) => geohash(trip.pickupLatitude, trip.pickupLongitude, 7))
    .window(tumbling(hours(1)))
    .aggregate('pickups-per-cell', { pickups: count() })
  pickups
    .map((cell): PickupCount => ({ location: cell.key, pickup_count: cell.pickups, timestamp: cell.window.end }))
    .to('pickup-count', pickupCounts(job.parameters))

  trips
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
    .to('trip-duration', tripDurations(job.parameters))

  // Every trip passes the windows of the pickups, so what is late there is all that is late.
  pickups.late.to('late-trips', rows(job.parameters, 'late_trips'))
  events.malformed
    .map(({ split, offset, code, message, raw }) => ({ split, offset, code, message, raw: toBase64(raw) }))
    .to('malformed-events', rows(job.parameters, 'malformed_events'))
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

function rows<T>({ out }: Parameters, name: string): Sink<T> {
  return fileSink<T>({ path: `${out}/${name}`, staging: `${out}/.staging`, format: jsonLines() })
}

/** Files of both results are written in a dot-folder of `out` and appear whole. */
function pickupCounts({ out, format }: Parameters): Sink<PickupCount> {
  const path = `${out}/pickup_count`
  const staging = `${out}/.staging`
  if (format === 'jsonl') return fileSink({ path, staging, format: jsonLines() })
  return parquetSink({
    path,
    staging,
    schema: { location: 'string', pickup_count: 'int64', timestamp: 'timestamp-ms' },
  })
}

function tripDurations({ out, format }: Parameters): Sink<TripDuration> {
  const path = `${out}/trip_duration`
  const staging = `${out}/.staging`
  if (format === 'jsonl') return fileSink({ path, staging, format: jsonLines() })
  return parquetSink({
    path,
    staging,
    schema: {
      location: 'string',
      airport_code: 'string',
      sum_trip_duration: 'int64',
      avg_trip_duration: 'double',
      timestamp: 'timestamp-ms',
    },
  })
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
