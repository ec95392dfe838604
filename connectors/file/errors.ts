import { messageOf, TidemarkError } from '../../core/errors.js'

/** The `code` of a Node error: ENOENT, EEXIST, Z_BUF_ERROR. */
export function systemCode(thrown: unknown): string | undefined {
  const code = (thrown as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export interface FileErrorContext {
  /** `source 'trips'`, `sink 'cells'`: begins the message. */
  readonly where: string
  readonly path: string
  readonly operatorId?: string
}

/** What went wrong with a file, in one line. Errors that are Tidemark's already pass through. */
export function fileError(thrown: unknown, context: FileErrorContext): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  const { where, path } = context
  const base = { domain: 'connector', cause: thrown, ...operator(context) } as const
  switch (systemCode(thrown)) {
    case 'ENOENT':
      return new TidemarkError({ ...base, code: 'FILE_NOT_FOUND', message: `${where}: ${path} does not exist` })
    case 'EACCES':
    case 'EPERM':
      return new TidemarkError({
        ...base,
        code: 'FILE_FORBIDDEN',
        message: `${where}: no permission for ${path}; check its owner and mode`,
      })
    case 'ENOTDIR':
      return new TidemarkError({
        ...base,
        code: 'FILE_NOT_A_FOLDER',
        message: `${where}: expected a folder at ${path}, found a file on the way`,
      })
    case 'Z_BUF_ERROR':
      return new TidemarkError({
        ...base,
        code: 'FILE_TRUNCATED',
        message: `${where}: ${path} ends in the middle of its gzip data; get a complete copy`,
      })
    case 'Z_DATA_ERROR':
      return new TidemarkError({
        ...base,
        code: 'FILE_CORRUPT',
        message: `${where}: ${path} is damaged: ${messageOf(thrown)}; get a sound copy`,
      })
    default:
      return new TidemarkError({
        ...base,
        code: 'FILE_IO_FAILED',
        retryable: true,
        message: `${where}: ${path}: ${messageOf(thrown)}`,
      })
  }
}

function operator(context: FileErrorContext): { readonly operatorId?: string } {
  return context.operatorId === undefined ? {} : { operatorId: context.operatorId }
}
