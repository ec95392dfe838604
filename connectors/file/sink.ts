import type { Sink } from '../../core/connector.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import type { FileSinkFormat } from './format.js'
import { STAGED_OPTIONS, type StagedSinkOptions, stagedSink } from './staged/staged-sink.js'

export interface FileSinkOptions<T> extends StagedSinkOptions {
  readonly format: FileSinkFormat<T>
  readonly compression?: 'gzip'
}

/**
 * Rows as files in a folder, exactly once: a file appears under its name, whole, when the checkpoint that closed it
 * completes, and never changes afterwards. A window that fires again for a late record is one more row.
 * @example stream.to('cells', fileSink({ path: 'out/cells', format: jsonLines() }))
 */
export function fileSink<T>(options: FileSinkOptions<T>): Sink<T> {
  requireKnownOptions('fileSink', options, { ...STAGED_OPTIONS, format: true, compression: true })
  requireChoice('fileSink', { name: 'compression', value: options.compression, choices: ['gzip'] })
  const { format, compression } = options
  if (typeof format?.encoder !== 'function') {
    throw optionInvalid('fileSink', 'format is jsonLines() or csv(...), found something else')
  }
  return stagedSink(options, {
    kind: 'file',
    extension: `${format.extension}${compression === 'gzip' ? '.gz' : ''}`,
    compression,
    describe: compression ? `${format.name}, ${compression}` : format.name,
    load: async () => () => format.encoder(),
  })
}
