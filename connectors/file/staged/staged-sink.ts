import type { Sink } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'
import type { FileEncoder } from '../format.js'
import { StagedCommitter } from './committer.js'
import { prepareFolders, sinkFolders } from './folders.js'
import { StagedWriter } from './writer.js'

/** What all sinks that write files have in common. */
export interface StagedSinkOptions {
  /** The folder in which files appear. Made when it is missing. */
  readonly path: string
  /** The folder of unfinished files, on the same file system. Default `.staging` in `path`. */
  readonly staging?: string
  /** A file ends after this many rows; at a checkpoint it ends in any case. Default: no limit. */
  readonly maxRows?: number
  /** A file ends after about this many bytes, before compression. Default: no limit. */
  readonly maxBytes?: number
  /** Bytes a subtask may hold that are not written yet; then it pushes back. Default 4 MiB. */
  readonly bufferBytes?: number
}

/** Their names, for the sinks that check what they are given. */
export const STAGED_OPTIONS = { path: true, staging: true, maxRows: true, maxBytes: true, bufferBytes: true } as const

export interface StagedFormat<T> {
  readonly kind: string
  readonly extension: string
  readonly compression?: 'gzip' | undefined
  readonly describe: string
  /** Called before the first file: loads what the format needs. */
  readonly load: () => Promise<() => FileEncoder<T>>
}

/** An exactly-once sink of files: unfinished files in a staging folder, linked into `path` by the commit. */
export function stagedSink<T>(options: StagedSinkOptions, format: StagedFormat<T>): Sink<T> {
  const { path, staging } = options
  const { maxRows = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options
  const { bufferBytes = 4 * 1024 * 1024 } = options
  if (typeof path !== 'string') throw optionError(format.kind, `path is the name of a folder, found ${typeof path}`)
  if (path === '') throw optionError(format.kind, 'path is the name of a folder, found an empty one')
  for (const [name, value] of Object.entries({ maxRows, maxBytes, bufferBytes })) {
    if (!(value > 0)) throw optionError(format.kind, `${name} is a number above 0, found ${value}`)
  }
  return {
    kind: format.kind,
    guarantee: 'exactly-once',
    describe: () => `${path} (${format.describe})`,
    async write(context) {
      const { operatorId, environment } = context
      const encoder = await format.load()
      const folders = sinkFolders({ path, staging, operatorId })
      await prepareFolders(folders, { operatorId, nonce: () => environment.nonce() })
      const { extension, compression } = format
      return new StagedWriter<T>(context, {
        folders,
        extension,
        compression,
        encoder,
        maxRows,
        maxBytes,
        bufferBytes,
      })
    },
    committer: (context) =>
      new StagedCommitter(context, sinkFolders({ path, staging, operatorId: context.operatorId })),
  }
}

function optionError(kind: string, message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `${kind} sink: ${message}` })
}
