/* Parquet without a schema takes rows of any type of objects, and its functions know them. */

import { count, hours, mean, type Stream, tumbling } from 'tidemark'
import { fileSink } from 'tidemark/file'
import { inferSchema, parquetFormat, parquetSink } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'

interface Trip {
  readonly cell: string
  readonly fare?: number
  readonly at: Date
}

class Reading {
  readonly value = 1
}

type Either = { readonly kind: 'a'; readonly a: number } | { readonly kind: 'b'; readonly b: string }

export function parquetTypes(
  trips: Stream<Trip>,
  readings: Stream<Reading>,
  either: Stream<Either>,
  texts: Stream<string>,
) {
  trips.to('1', parquetSink({ path: 'p' }))
  trips.to('2', parquetSink({ path: 'p', schema: inferSchema({ rows: 10, columns: { fare: 'double' } }) }))
  trips.to(
    '3',
    parquetSink({ path: 'p', prefix: 'c=!{partitionKeyFromQuery:c}', partitionKeys: { c: ({ cell }) => cell } }),
  )
  trips.to('4', s3Sink({ to: 's3://b/p', format: parquetFormat(), eventTime: ({ at }) => at.getTime() }))
  trips.to('5', fileSink({ path: 'p', format: parquetFormat({ compression: 'zstd' }) }))
  readings.to('6', parquetSink({ path: 'p' }))
  either.to('7', parquetSink({ path: 'p', schema: inferSchema({ undecided: 'string' }) }))
  trips
    .keyBy(({ cell }) => cell)
    .window(tumbling(hours(1)))
    .aggregate('cells', { n: count(), fare: mean(({ fare }) => fare ?? 0) })
    .to('8', parquetSink({ path: 'p', partitionKeys: { n: ({ n }) => n } }))

  // @ts-expect-error a text is no row: it has no columns
  texts.to('9', parquetSink({ path: 'p' }))
  // @ts-expect-error there is no such property of the rows
  trips.to('10', parquetSink({ path: 'p', partitionKeys: { c: ({ sell }) => sell } }))
  // @ts-expect-error a declared schema is none of what the first rows are to tell
  trips.to('11', parquetSink({ path: 'p', schema: inferSchema({ columns: { fare: 'money' } }) }))
  // @ts-expect-error `schema` is inferSchema(...), not its options
  trips.to('12', parquetSink({ path: 'p', schema: { rows: 10 } }))
  // @ts-expect-error the rows of a declared schema are of its columns
  trips.to('13', parquetSink({ path: 'p', schema: { cell: 'int64' } }))
}
