import type { Sink } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { parquetFormat, parquetSink } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'
import type { PickupCount, TripDuration } from '../documents.js'
import type { OutputParameters } from './parameters.js'

/** Files of both results are written in a dot-folder of `out` and appear whole. */
export function pickupCounts({ out, format }: OutputParameters): Sink<PickupCount> {
  const path = `${out}/pickup_count`
  const staging = `${out}/.staging`
  if (format === 'jsonl') return fileSink({ path, staging, format: jsonLines() })
  return parquetSink({
    path,
    staging,
    schema: { location: 'string', pickup_count: 'int64', timestamp: 'timestamp-ms' },
  })
}

export function tripDurations({ out, format }: OutputParameters): Sink<TripDuration> {
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

/** What is in no result, as JSON lines: on S3 where there is one, beside the archive, else in a folder of `out`. */
export function leftOver<T>({ out, s3, s3Endpoint }: OutputParameters, name: string): Sink<T> {
  if (s3 === undefined) return fileSink<T>({ path: `${out}/${name}`, staging: `${out}/.staging`, format: jsonLines() })
  return s3Sink<T>({ to: `${s3}/${name}`, format: jsonLines(), ...endpointOf(s3Endpoint) })
}

/** A trip as it is archived: every one, whether it is in New York or not, late or not. */
export interface ArchivedTrip {
  readonly trip_id: string | undefined
  readonly pickup_datetime: number
  readonly dropoff_datetime: number
  readonly pickup_latitude: number
  readonly pickup_longitude: number
  readonly dropoff_latitude: number
  readonly dropoff_longitude: number
  readonly total_amount: number | undefined
}

/** Parquet by the hour of the drop-off, in folders that query engines take for partitions. */
export function tripArchive(s3: string, endpoint: string | undefined): Sink<ArchivedTrip> {
  return s3Sink({
    to: s3,
    prefix: 'trips/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/',
    format: parquetFormat({
      schema: {
        trip_id: { type: 'string', nullable: true },
        pickup_datetime: 'timestamp-ms',
        dropoff_datetime: 'timestamp-ms',
        pickup_latitude: 'double',
        pickup_longitude: 'double',
        dropoff_latitude: 'double',
        dropoff_longitude: 'double',
        total_amount: { type: 'double', nullable: true },
      },
    }),
    errorPrefix: 'rejected_trips/!{timestamp:yyyy/MM/dd}/',
    ...endpointOf(endpoint),
  })
}

const endpointOf = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint })
