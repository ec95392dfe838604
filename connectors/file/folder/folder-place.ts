import { optionInvalid } from '../../../core/options.js'
import { fileError } from '../errors.js'
import type { StagedPlace, StagedSettings } from '../staged/staged-sink.js'
import type { FileCommittable } from './committable.js'
import { FolderOutput } from './folder-output.js'
import { FolderStorage } from './folder-storage.js'
import { prepareFolders, sinkFolders } from './folders.js'

/** Where a sink of files writes to. */
export interface FolderOptions {
  /** The folder in which files appear. Made when it is missing. */
  readonly path: string
  /** The folder of unfinished files, on the same file system. Default `.staging` in `path`. */
  readonly staging?: string
}

export const FOLDER_OPTIONS = { path: true, staging: true } as const

/** Bytes a subtask may hold that are not written yet. */
export const FOLDER_BUFFER_BYTES = 4 * 1024 * 1024

/** @throws TidemarkError OPTION_INVALID */
export function folderPlace<T>(
  kind: string,
  { path, staging }: FolderOptions,
  { extension, rolling, marksPartitions }: StagedSettings<T>,
): StagedPlace<FileCommittable> {
  const where = `${kind} sink`
  if (typeof path !== 'string') throw optionInvalid(where, `path is the name of a folder, found ${typeof path}`)
  if (path === '') throw optionInvalid(where, 'path is the name of a folder, found an empty one')
  return {
    kind,
    shown: path,
    async storage(context) {
      const { operatorId, environment } = context
      const folders = sinkFolders({ path, staging, operatorId })
      await prepareFolders(folders, { operatorId, nonce: () => environment.nonce() })
      return new FolderStorage(context, folders, extension)
    },
    output(context) {
      const folders = sinkFolders({ path, staging, operatorId: context.operatorId })
      return new FolderOutput(context, folders, !rolling.rollOnCheckpoint || marksPartitions)
    },
    failed: (thrown, operatorId) =>
      fileError(thrown, {
        where: `sink '${operatorId}'`,
        operatorId,
        path: sinkFolders({ path, staging, operatorId }).staging,
      }),
  }
}
