import { messageOf, TidemarkError } from '../../../core/errors.js'

export function diskEngineMissing(cause: unknown): TidemarkError {
  return new TidemarkError({
    code: 'DEPENDENCY_MISSING',
    domain: 'user',
    message: "state on disk: expected the package 'lmdb', found none; run 'npm i lmdb@^3.5.0'",
    cause,
  })
}

export function directoryUnusable(directory: string, cause: unknown): TidemarkError {
  return new TidemarkError({
    code: 'STATE_DIRECTORY_UNUSABLE',
    domain: 'user',
    message:
      `state on disk: expected to create files in '${directory}', found: ${messageOf(cause)}; ` +
      'name a local folder that this process may write to',
    cause,
  })
}

export interface FailedAccess {
  readonly operatorId: string
  readonly directory: string
  readonly verb: 'open' | 'read' | 'write'
}

/** What a full disk, a broken one, or one that went away answers. Another attempt may find room. */
export function diskFailed({ operatorId, directory, verb }: FailedAccess, cause: unknown): TidemarkError {
  return new TidemarkError({
    code: 'STATE_DISK_FAILED',
    domain: 'storage',
    retryable: true,
    operatorId,
    message:
      `state on disk of operator '${operatorId}': expected to ${verb} it in '${directory}', found: ${messageOf(cause)}; ` +
      'look whether the disk is full or failing',
    cause,
  })
}
