import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { type DeadLetter, lines, type Sink, type Source } from 'tidemark'
import { cloudWatchLogs } from 'tidemark/decode'
import { firehoseErrors, jsonLines } from 'tidemark/file'
import { kinesis } from 'tidemark/kinesis'
import { parquetFormat } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'
import { apacheLine } from '../decoders/apache.js'
import type { DeliveredLine, LogEvent } from './job.js'

export type Input = 'cloudwatch' | 'apache'
export type Format = 'jsonl' | 'parquet'

export interface StreamOptions {
  readonly stream: string
  /** Undefined: AWS. */
  readonly endpoint: string | undefined
  readonly input: Input
  /** Reads what is in the stream at the start, then ends. */
  readonly endAtTip: boolean
}

export function logEvents({ stream, endpoint, input, endAtTip }: StreamOptions): Source<LogEvent> {
  const common = {
    stream,
    startAt: 'horizon',
    onMalformed: 'deadLetter',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(endAtTip ? { endAt: 'tip' as const } : {}),
  } as const
  if (input === 'cloudwatch') return kinesis({ ...common, decode: cloudWatchLogs({ message: apacheLine() }) })
  return kinesis({ ...common, decode: lines(apacheLine()) })
}

export interface BucketOptions {
  /** `s3://bucket/folder`. */
  readonly to: string
  /** Undefined: AWS. */
  readonly endpoint: string | undefined
  readonly credentials: S3ClientConfig['credentials'] | undefined
  readonly format: Format
}

const aws = ({ endpoint, credentials }: BucketOptions) => ({
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(credentials === undefined ? {} : { clientConfig: { credentials } }),
})

/** By service and hour of the line, compressed. What the format cannot take goes below `errors/`. */
export function delivered(options: BucketOptions): Sink<DeliveredLine> {
  const common = {
    to: options.to,
    prefix:
      'service=!{partitionKeyFromQuery:service}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/' +
      'day=!{timestamp:dd}/hour=!{timestamp:HH}/',
    partitionKeys: { service: (line: DeliveredLine) => line.service },
    errorPrefix: 'errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/',
    ...aws(options),
  }
  if (options.format === 'jsonl') return s3Sink<DeliveredLine>({ ...common, format: jsonLines(), compression: 'gzip' })
  return s3Sink<DeliveredLine>({
    ...common,
    format: parquetFormat({
      schema: {
        at: 'timestamp-ms',
        service: 'string',
        network: 'string',
        method: 'string',
        path: 'string',
        status: 'int32',
        bytes: 'int64',
      },
    }),
  })
}

/** The same documents for what could not be decoded, by the time of rejection. */
export function undecodable(options: BucketOptions): Sink<DeadLetter> {
  return s3Sink<DeadLetter>({
    to: options.to,
    prefix: 'errors/decoding-failed/!{timestamp:yyyy/MM/dd}/',
    eventTime: (letter) => letter.rejectedAt,
    format: firehoseErrors(),
    ...aws(options),
  })
}
