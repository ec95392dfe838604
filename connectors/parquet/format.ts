import { gzipSync } from 'node:zlib'
import { requireKnownOptions } from '../../core/options.js'
import type { FileSinkFormat } from '../file/format.js'
import { loadZstd } from '../zstd/load.js'
import { type Compress, ParquetEncoder } from './encoder.js'
import { loadParquetLibrary } from './load.js'
import { invalid, type ParquetRow, type ParquetSchema, parseSchema } from './schema.js'

export type ParquetCompression = 'snappy' | 'zstd' | 'gzip' | 'uncompressed'

export interface ParquetFormatOptions<S extends ParquetSchema> {
  readonly schema: S
  /** Rows encoded at once. More compress better and hold the event loop longer. Default: 40,000 / columns. */
  readonly rowGroupSize?: number
  /** Default `snappy`. `zstd` before Node 22.15 needs `@bokuweb/zstd-wasm`. */
  readonly compression?: ParquetCompression
}

export const PARQUET_FORMAT_OPTIONS = { schema: true, rowGroupSize: true, compression: true } as const

/** Values that are encoded in well under 50 ms on one slow core. */
const VALUES_A_GROUP = 40_000

const CODECS = { snappy: 'SNAPPY', zstd: 'ZSTD', gzip: 'GZIP', uncompressed: 'UNCOMPRESSED' } as const

/**
 * Parquet as the format of a sink of files: `fileSink`, `s3Sink`. Needs the package `hyparquet-writer`.
 * @example s3Sink({ to: 's3://taxi/trips', format: parquetFormat({ schema: { cell: 'string', fare: 'double' } }) })
 */
export function parquetFormat<const S extends ParquetSchema>(
  options: ParquetFormatOptions<S>,
): FileSinkFormat<ParquetRow<S>> {
  requireKnownOptions('parquetFormat', options, PARQUET_FORMAT_OPTIONS)
  const { schema, compression = 'snappy' } = options
  const columns = parseSchema(schema)
  const rowGroupSize = options.rowGroupSize ?? Math.max(1, Math.floor(VALUES_A_GROUP / columns.length))
  if (!(Number.isSafeInteger(rowGroupSize) && rowGroupSize > 0)) {
    throw invalid(`rowGroupSize is a whole number above 0, found ${rowGroupSize}`)
  }
  if (!Object.hasOwn(CODECS, compression)) {
    throw invalid(`compression is one of ${Object.keys(CODECS).join(', ')}, found ${String(compression)}`)
  }
  const codec = CODECS[compression]
  return {
    name: `Parquet: ${columns.map(({ name }) => name).join(', ')}`,
    extension: '.parquet',
    hasFooter: true,
    isCompressed: true,
    async load() {
      const library = await loadParquetLibrary()
      const compressors: Record<string, Compress> = {}
      // At once: the library writes a row group in one go.
      if (codec === 'GZIP') compressors[codec] = (bytes) => gzipSync(bytes)
      if (codec === 'ZSTD') compressors[codec] = await loadZstd('the Parquet sink')
      return () => new ParquetEncoder(library, { columns, rowGroupSize, codec, compressors })
    },
  }
}
