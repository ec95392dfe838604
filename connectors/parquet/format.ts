import { gzipSync } from 'node:zlib'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import type { FileSinkFormat } from '../file/format.js'
import { loadZstd } from '../zstd/load.js'
import { type Compress, ParquetEncoder } from './encoder.js'
import { parseSchema } from './fields.js'
import { InferredSchema, inferredFormat, inferSchema } from './inferred-schema.js'
import { loadParquetLibrary } from './load.js'
import type { ParquetRow, ParquetSchema } from './schema.js'

export type ParquetCompression = 'snappy' | 'zstd' | 'gzip' | 'uncompressed'

/** How the files are made, whatever their columns are. */
export interface ParquetEncodingOptions {
  /** Rows encoded at once. More compress better and hold the event loop longer. Default: 40,000 / columns. */
  readonly rowGroupSize?: number
  /** A row group ends after about this many bytes, before encoding, too. Default 4 MiB. */
  readonly rowGroupBytes?: number
  /** Of a page, before compression. Where a column of a row group has several, the file has an index of them. Default 1 MiB. */
  readonly pageBytes?: number
  /** Default `snappy`. `zstd` before Node 22.15 needs `@bokuweb/zstd-wasm`. */
  readonly compression?: ParquetCompression
}

export interface ParquetFormatOptions<S extends ParquetSchema> extends ParquetEncodingOptions {
  readonly schema: S
}

export interface InferredParquetFormatOptions extends ParquetEncodingOptions {
  /** Default `inferSchema()`. */
  readonly schema?: InferredSchema
}

const ENCODING_OPTIONS = { rowGroupSize: true, rowGroupBytes: true, pageBytes: true, compression: true } as const
export const PARQUET_FORMAT_OPTIONS = { schema: true, ...ENCODING_OPTIONS } as const

/** Values that are encoded in well under 50 ms on one slow core. */
const VALUES_A_GROUP = 40_000
const MIB = 1024 * 1024

const CODECS = { snappy: 'SNAPPY', zstd: 'ZSTD', gzip: 'GZIP', uncompressed: 'UNCOMPRESSED' } as const

/**
 * Parquet as the format of a sink of files: `fileSink`, `s3Sink`. Without a schema it is inferred from the first rows, as
 * `inferSchema` says. Needs the package `hyparquet-writer`.
 * @example s3Sink({ to: 's3://taxi/trips', format: parquetFormat({ schema: { cell: 'string', fare: 'double' } }) })
 * @example s3Sink({ to: 's3://taxi/trips', format: parquetFormat() })
 */
export function parquetFormat(options?: InferredParquetFormatOptions): FileSinkFormat<object>
export function parquetFormat<const S extends ParquetSchema>(
  options: ParquetFormatOptions<S>,
): FileSinkFormat<ParquetRow<S>>
export function parquetFormat(
  options: ParquetFormatOptions<ParquetSchema> | InferredParquetFormatOptions = {},
): FileSinkFormat<object> {
  requireKnownOptions('parquetFormat', options, PARQUET_FORMAT_OPTIONS)
  const { schema = inferSchema(), ...encoding } = options
  requireEncoding(encoding)
  if (schema instanceof InferredSchema) {
    return inferredFormat(schema, (fixed, note) => declaredFormat(fixed, encoding, note))
  }
  return declaredFormat(schema, encoding)
}

function declaredFormat(schema: ParquetSchema, encoding: ParquetEncodingOptions, note = ''): FileSinkFormat<object> {
  const fields = parseSchema(schema)
  const leaves = fields.reduce((sum, field) => sum + field.leaves, 0)
  const rowGroupSize = encoding.rowGroupSize ?? Math.max(1, Math.floor(VALUES_A_GROUP / leaves))
  const { rowGroupBytes = 4 * MIB, pageBytes = MIB, compression = 'snappy' } = encoding
  const codec = CODECS[compression]
  return {
    name: `Parquet: ${fields.map(({ name }) => name).join(', ')}`,
    extension: '.parquet',
    hasFooter: true,
    isCompressed: true,
    async load() {
      const library = await loadParquetLibrary()
      const compressors: Record<string, Compress> = {}
      // At once: the library writes a row group in one go.
      if (codec === 'GZIP') compressors[codec] = (bytes) => gzipSync(bytes)
      if (codec === 'ZSTD') compressors[codec] = await loadZstd('the Parquet sink')
      const options = { fields, rowGroupSize, rowGroupBytes, pageBytes, note, codec, compressors }
      return () => new ParquetEncoder(library, options)
    },
  }
}

function requireEncoding({ compression, ...sizes }: ParquetEncodingOptions): void {
  requireChoice('parquet sink', { name: 'compression', value: compression, choices: Object.keys(CODECS) })
  for (const [name, value] of Object.entries(sizes)) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw optionInvalid('parquet sink', `${name} is a whole number above 0, found ${String(value)}`)
  }
}
