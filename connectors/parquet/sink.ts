import type { Sink } from '../../core/connector.js'
import { requireKnownOptions } from '../../core/options.js'
import { FOLDER_BUFFER_BYTES, FOLDER_OPTIONS, type FolderOptions, folderPlace } from '../file/folder/folder-place.js'
import { STAGED_OPTIONS, type StagedSinkOptions, stagedSettings, stagedSink } from '../file/staged/staged-sink.js'
import { PARQUET_FORMAT_OPTIONS, type ParquetFormatOptions, parquetFormat } from './format.js'
import type { ParquetRow, ParquetSchema } from './schema.js'

export interface ParquetSinkOptions<S extends ParquetSchema>
  extends FolderOptions,
    ParquetFormatOptions<S>,
    StagedSinkOptions<ParquetRow<S>> {}

/**
 * Rows as Parquet files in a folder, exactly once, as `fileSink` does it. A value that does not fit its column, and a
 * property without a column, are rejected and named. Needs the package `hyparquet-writer`.
 * @example
 * parquetSink({
 *   path: 'out/cells',
 *   schema: { cell: 'string', pickups: 'int64', at: 'timestamp-ms', fare: { type: 'double', nullable: true } },
 * })
 */
export function parquetSink<const S extends ParquetSchema>(options: ParquetSinkOptions<S>): Sink<ParquetRow<S>> {
  requireKnownOptions('parquetSink', options, { ...FOLDER_OPTIONS, ...STAGED_OPTIONS, ...PARQUET_FORMAT_OPTIONS })
  const { schema, rowGroupSize, rowGroupBytes, pageBytes, compression, ...rest } = options
  const format = parquetFormat<S>({
    schema,
    ...(rowGroupSize !== undefined && { rowGroupSize }),
    ...(rowGroupBytes !== undefined && { rowGroupBytes }),
    ...(pageBytes !== undefined && { pageBytes }),
    ...(compression !== undefined && { compression }),
  })
  const settings = stagedSettings<ParquetRow<S>>(
    'parquet sink',
    { ...rest, format },
    { bufferBytes: FOLDER_BUFFER_BYTES },
  )
  return stagedSink(settings, folderPlace('parquet', options, settings))
}
