import { TidemarkError } from '../../../../core/errors.js'

interface Details {
  readonly message: string
  readonly cause?: unknown
}

export function directoryError(code: string, { message, cause }: Details): TidemarkError {
  return new TidemarkError({
    code,
    domain: 'user',
    message: `local Kinesis: directory: ${message}`,
    ...(cause === undefined ? {} : { cause }),
  })
}

export function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
}
