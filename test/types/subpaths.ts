/*
 * What a job needs is reachable from the public subpaths, with types that no one has to write. The compiler is the test.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Observable, Subject } from 'rxjs'
import { type DeadLetter, defineJob, json, lines, messagePack, type RecordMeta, seconds, text } from 'tidemark'
import { batchSink } from 'tidemark/batch'
import { collectInto, collection, generator, print } from 'tidemark/collection'
import { type CloudWatchLogEvent, cloudWatchLogs, csvRows, gunzip } from 'tidemark/decode'
import { csv, fileSink, files, jsonLines, textLines } from 'tidemark/file'
import { jsonBytes, type KinesisRecordMeta, kinesis, kinesisSink } from 'tidemark/kinesis'
import { openSearch } from 'tidemark/opensearch'
import { parquetSink } from 'tidemark/parquet'
import { absence, deduplicate } from 'tidemark/patterns'
import { fromObservable, toObserver } from 'tidemark/rxjs'
import { s3Sink } from 'tidemark/s3'
import { z } from 'zod'
import { type Same, type ValueOf, yes } from './same.js'

const Trip = z.object({
  cell: z.string(),
  fare: z.coerce.number(),
  at: z.iso.datetime().transform((at) => Date.parse(at)),
})
type Read = { cell: string; fare: number; at: number }

/** A schema of no library: all that a Standard Schema has to be. */
declare const plain: StandardSchemaV1<unknown, { readonly n: number }>
declare const observable: Observable<'a' | 'b'>

export const everyConnector = defineJob('every-connector', (job) => {
  const trips = job.from('kinesis', kinesis({ stream: 'taxi', startAt: 'horizon', decode: json(Trip) }))
  yes<Same<ValueOf<typeof trips>, Read>>()
  yes<Same<ValueOf<typeof trips.malformed>, DeadLetter>>()
  const jsonl = job.from('lines', files({ path: 'a', format: jsonLines(json(plain)), onMalformed: 'deadLetter' }))
  yes<Same<ValueOf<typeof jsonl>, { readonly n: number }>>()
  const rows = job.from('rows', files({ paths: ['a.csv.gz'], format: csv({ schema: Trip }) }))
  yes<Same<ValueOf<typeof rows>, Read>>()
  const columns = job.from('columns', files({ path: 'a.csv', format: csv({ columns: ['cell', 'fare'] }) }))
  yes<Same<ValueOf<typeof columns>, { readonly cell: string; readonly fare: string }>>()
  yes<Same<ValueOf<ReturnType<typeof texts>>, string>>()
  const texts = () => job.from('texts', files({ path: 'a.txt', format: textLines() }))
  const words = job.from('words', kinesis({ stream: 'words', startAt: 'latest', decode: text() }))
  yes<Same<ValueOf<typeof words>, string>>()
  const own = job.from(
    'own',
    kinesis({
      stream: 'own',
      startAt: 'latest',
      decode: (bytes, { split }: RecordMeta) => ({ split, size: bytes.length }),
    }),
  )
  yes<Same<ValueOf<typeof own>, { split: string; size: number }>>()
  const stream = { stream: 'own', startAt: 'latest' } as const
  const many = job.from('many', kinesis({ ...stream, decode: lines(json(Trip)) }))
  yes<Same<ValueOf<typeof many>, Read>>()
  const packed = job.from('packed', kinesis({ ...stream, decode: messagePack(Trip) }))
  yes<Same<ValueOf<typeof packed>, Read>>()
  const inflated = job.from('inflated', kinesis({ ...stream, decode: gunzip(json(plain)) }))
  yes<Same<ValueOf<typeof inflated>, { readonly n: number }>>()
  const inflatedLines = job.from('inflated-lines', kinesis({ ...stream, decode: gunzip(lines(text())) }))
  yes<Same<ValueOf<typeof inflatedLines>, string>>()
  const table = job.from('table', kinesis({ ...stream, decode: csvRows({ columns: ['cell', 'fare'] }) }))
  yes<Same<ValueOf<typeof table>, { readonly cell: string; readonly fare: string }>>()
  const checked = job.from('checked', kinesis({ ...stream, decode: csvRows({ columns: ['n'], schema: plain }) }))
  yes<Same<ValueOf<typeof checked>, { readonly n: number }>>()
  const logs = job.from('logs', kinesis({ ...stream, decode: cloudWatchLogs() }))
  yes<Same<ValueOf<typeof logs>, CloudWatchLogEvent<string>>>()
  const parsed = job.from('parsed', kinesis({ ...stream, decode: cloudWatchLogs({ message: json(Trip) }) }))
  yes<Same<ValueOf<typeof parsed>, CloudWatchLogEvent<Read>>>()
  const sharded = job.from(
    'sharded',
    kinesis({ ...stream, decode: lines((line, { shardId }: KinesisRecordMeta) => ({ shardId, size: line.length })) }),
  )
  yes<Same<ValueOf<typeof sharded>, { shardId: string; size: number }>>()
  const untyped = job.from(
    'untyped',
    kinesis({ ...stream, decode: (bytes, { subSequenceNumber }) => ({ subSequenceNumber, size: bytes.length }) }),
  )
  yes<Same<ValueOf<typeof untyped>, { subSequenceNumber: number | undefined; size: number }>>()
  const letters = job.from('letters', fromObservable(observable))
  yes<Same<ValueOf<typeof letters>, 'a' | 'b'>>()
  const made = job.from('made', generator({ make: (index) => ({ index }), rate: 10 }))
  yes<Same<ValueOf<typeof made>, { index: number }>>()

  const once = trips.keyBy((trip) => trip.cell).pipe(deduplicate('once', { within: seconds(1) }))
  yes<Same<ValueOf<typeof once>, Read>>()
  const gone = once.keyBy((trip) => trip.cell).pipe(absence('gone', { within: seconds(1) }))
  yes<Same<ValueOf<typeof gone>['last'], Read>>()

  trips.to('parquet', parquetSink({ path: 'p', schema: { cell: 'string', fare: 'double', at: 'timestamp-ms' } }))
  jsonl.to('jsonl', fileSink({ path: 'l', format: jsonLines(), compression: 'gzip' }))
  columns.to('csv', fileSink({ path: 'c', format: csv({ columns: ['cell'] }) }))
  trips.to(
    'objects',
    s3Sink({ to: 's3://bucket/trips', format: jsonLines(), partitionKeys: { cell: (trip) => trip.cell } }),
  )
  trips.to(
    'documents',
    openSearch({ node: 'http://127.0.0.1:9200', index: 'trips', id: ({ cell, at }) => `${cell}@${at}` }),
  )
  trips.to('records', kinesisSink({ stream: 'copy', encode: jsonBytes(), partitionKey: ({ cell }) => cell }))
  trips.to(
    'batches',
    batchSink('http', { write: async (rows) => rows.map(({ fare }) => (fare < 0 ? { reject: 'fare' } : 'ok')) }),
  )
  letters.to('observer', toObserver(new Subject<string>()))
  words.to('print', print({ prefix: 'words' }))
  made.to('collected', collectInto<{ index: number }>([]))
  job.from('collection', collection([1, 2])).to('numbers', collectInto<number>([]))

  // @ts-expect-error a sink of other columns
  trips.to('narrow', parquetSink({ path: 'q', schema: { cell: 'int64' } }))
  // @ts-expect-error a decoder of other bytes
  kinesis({ stream: 'a', startAt: 'latest', decode: (line: string) => line })
  // @ts-expect-error the decoder of a message gets no more than other decoders
  cloudWatchLogs({ message: (_, { shardId }: KinesisRecordMeta) => shardId })
})
