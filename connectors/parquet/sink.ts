import type { Sink } from '../../core/connector.js'
import { requireKnownOptions } from '../../core/options.js'
import { STAGED_OPTIONS, type StagedSinkOptions, stagedSink } from '../file/staged/staged-sink.js'
import { ParquetEncoder } from './encoder.js'
import { loadParquetLibrary } from './load.js'
import { invalid, type ParquetRow, type ParquetSchema, parseSchema } from './schema.js'

export interface ParquetSinkOptions<S extends ParquetSchema> extends StagedSinkOptions {
  readonly schema: S
  /** Rows encoded at once. More compress better and hold the event loop longer. Default: 40,000 / columns. */
  readonly rowGroupSize?: number
  /** Default `snappy`. */
  readonly compression?: 'snappy' | 'uncompressed'
}

/** Values that are encoded in well under 50 ms on one slow core. */
const VALUES_A_GROUP = 40_000

/**
 * Rows as Parquet files in a folder, exactly once, as `fileSink` does it. A value that does not fit its column, and a
 * property without a column, stop the job and are named. Needs the package `hyparquet-writer`.
 * @example
 * parquetSink({
 *   path: 'out/cells',
 *   schema: { cell: 'string', pickups: 'int64', at: 'timestamp-ms', fare: { type: 'double', nullable: true } },
 * })
 */
export function parquetSink<const S extends ParquetSchema>(options: ParquetSinkOptions<S>): Sink<ParquetRow<S>> {
  requireKnownOptions('parquetSink', options, {
    ...STAGED_OPTIONS,
    schema: true,
    rowGroupSize: true,
    compression: true,
  })
  const { schema, compression = 'snappy' } = options
  const columns = parseSchema(schema)
  const rowGroupSize = options.rowGroupSize ?? Math.max(1, Math.floor(VALUES_A_GROUP / columns.length))
  if (!(Number.isSafeInteger(rowGroupSize) && rowGroupSize > 0)) {
    throw invalid(`rowGroupSize is a whole number above 0, found ${rowGroupSize}`)
  }
  if (compression !== 'snappy' && compression !== 'uncompressed') {
    throw invalid(`compression is snappy or uncompressed, found ${String(compression)}`)
  }
  return stagedSink<ParquetRow<S>>(options, {
    kind: 'parquet',
    extension: '.parquet',
    describe: columns.map(({ name }) => name).join(', '),
    async load() {
      const library = await loadParquetLibrary()
      const codec = compression === 'snappy' ? 'SNAPPY' : 'UNCOMPRESSED'
      return () => new ParquetEncoder(library, { columns, rowGroupSize, codec })
    },
  })
}
