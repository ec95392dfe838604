import type { Sink } from '../../core/connector.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import { COMPRESSIONS, type Compression } from './compression/compressor.js'
import { FOLDER_BUFFER_BYTES, FOLDER_OPTIONS, type FolderOptions, folderPlace } from './folder/folder-place.js'
import type { FileSinkFormat } from './format.js'
import { STAGED_OPTIONS, type StagedSinkOptions, stagedSettings, stagedSink } from './staged/staged-sink.js'

export interface FileSinkOptions<T> extends FolderOptions, StagedSinkOptions<T> {
  /** The rows are those of the stream, or where there is none yet those of the format. */
  readonly format: FileSinkFormat<NoInfer<T>>
  readonly compression?: Compression
}

/**
 * Rows as files in a folder, exactly once: a file appears under its name, whole, when the checkpoint that closed it
 * completes, and never changes afterwards. A window that fires again for a late record is one more row.
 * @example stream.to('cells', fileSink({ path: 'out/cells', format: jsonLines() }))
 */
export function fileSink<T>(options: FileSinkOptions<T>): Sink<T>
export function fileSink<T>(options: FileSinkOptions<T> & { readonly format: FileSinkFormat<T> }): Sink<T>
export function fileSink<T>(options: FileSinkOptions<T>): Sink<T> {
  requireKnownOptions('fileSink', options, { ...FOLDER_OPTIONS, ...STAGED_OPTIONS, format: true, compression: true })
  requireChoice('fileSink', { name: 'compression', value: options.compression, choices: COMPRESSIONS })
  if (typeof options.format?.load !== 'function') {
    throw optionInvalid(
      'fileSink',
      'format is jsonLines(), csv(...), rawLines() or parquetFormat(...), found something else',
    )
  }
  const settings = stagedSettings('file sink', options, { bufferBytes: FOLDER_BUFFER_BYTES })
  return stagedSink(settings, folderPlace('file', options, settings))
}
