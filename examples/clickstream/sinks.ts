import { join } from 'node:path'
import type { Sink } from 'tidemark'
import { parquetFormat, parquetSink } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'
import type { Visit } from './job.js'

export interface VisitSinkOptions {
  /** A folder, or `s3://bucket/folder`. */
  readonly out: string
  /** Below `out`. */
  readonly name: string
  /** Of another S3 than AWS. */
  readonly s3Endpoint: string | undefined
}

const SCHEMA = {
  user: 'string',
  device: 'string',
  events: 'int64',
  first_action: 'string',
  last_action: 'string',
  begin: 'timestamp-ms',
  end: 'timestamp-ms',
  duration_ms: 'int64',
} as const

export function visitSink({ out, name, s3Endpoint }: VisitSinkOptions): Sink<Visit> {
  if (!out.startsWith('s3://')) {
    return parquetSink({ path: join(out, name), staging: join(out, '.staging'), schema: SCHEMA })
  }
  const endpoint = s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }
  return s3Sink<Visit>({ to: `${out}/${name}`, format: parquetFormat({ schema: SCHEMA }), ...endpoint })
}
