import type { Sink } from '../../core/connector.js'
import { requireKnownOptions } from '../../core/options.js'
import { FOLDER_BUFFER_BYTES, FOLDER_OPTIONS, type FolderOptions, folderPlace } from '../file/folder/folder-place.js'
import { STAGED_OPTIONS, type StagedSinkOptions, stagedSettings, stagedSink } from '../file/staged/staged-sink.js'
import {
  type InferredParquetFormatOptions,
  PARQUET_FORMAT_OPTIONS,
  type ParquetFormatOptions,
  parquetFormat,
} from './format.js'
import type { ParquetRow, ParquetSchema } from './schema.js'

export interface ParquetSinkOptions<S extends ParquetSchema>
  extends FolderOptions,
    ParquetFormatOptions<S>,
    StagedSinkOptions<ParquetRow<S>> {}

export interface InferredParquetSinkOptions<T extends object>
  extends FolderOptions,
    InferredParquetFormatOptions,
    StagedSinkOptions<T> {}

/**
 * Rows as Parquet files in a folder, exactly once, as `fileSink` does it. Without a schema it is inferred from the first
 * rows, as `inferSchema` says. A value that does not fit its column, and a property without a column, are rejected and
 * named. Needs the package `hyparquet-writer`.
 * @example
 * parquetSink({
 *   path: 'out/cells',
 *   schema: { cell: 'string', pickups: 'int64', at: 'timestamp-ms', fare: { type: 'double', nullable: true } },
 * })
 */
export function parquetSink<T extends object>(options: InferredParquetSinkOptions<T>): Sink<T>
export function parquetSink<const S extends ParquetSchema>(options: ParquetSinkOptions<S>): Sink<ParquetRow<S>>
export function parquetSink(
  options: ParquetSinkOptions<ParquetSchema> | InferredParquetSinkOptions<object>,
): Sink<object> {
  requireKnownOptions('parquetSink', options, { ...FOLDER_OPTIONS, ...STAGED_OPTIONS, ...PARQUET_FORMAT_OPTIONS })
  const { schema, rowGroupSize, rowGroupBytes, pageBytes, compression, ...rest } = options
  const encoding = {
    ...(rowGroupSize !== undefined && { rowGroupSize }),
    ...(rowGroupBytes !== undefined && { rowGroupBytes }),
    ...(pageBytes !== undefined && { pageBytes }),
    ...(compression !== undefined && { compression }),
  }
  // Of either kind: the format looks which.
  const format = parquetFormat({
    ...(schema !== undefined && { schema: schema as ParquetSchema }),
    ...encoding,
  } as ParquetFormatOptions<ParquetSchema>)
  const settings = stagedSettings<object>('parquet sink', { ...rest, format }, { bufferBytes: FOLDER_BUFFER_BYTES })
  return stagedSink(settings, folderPlace('parquet', options, settings))
}
