import { TidemarkError } from 'tidemark'
import { messageOf } from '../trips/index.js'

/**
 * `throttled`: too fast, nothing was done. `unavailable`: the outcome is unknown, since the request may have been carried
 * out before the answer was lost. `refused`: trying again does not help.
 */
export type FailureKind = 'throttled' | 'unavailable' | 'refused'

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'ThrottlingException',
  'KMSThrottlingException',
])

interface SdkFailure {
  readonly name?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const asFailure = (thrown: unknown): SdkFailure => (typeof thrown === 'object' && thrown !== null ? thrown : {})

export function kindOfFailure(thrown: unknown): FailureKind {
  const { name = '', code = '', $metadata } = asFailure(thrown)
  if (THROTTLED.has(name)) return 'throttled'
  const status = $metadata?.httpStatusCode
  if (status !== undefined) return status >= 500 ? 'unavailable' : 'refused'
  const isConnection =
    /^(?:E[A-Z_]+|UND_ERR.*)$/.test(code) || name === 'TimeoutError' || /socket hang up/.test(messageOf(thrown))
  return isConnection ? 'unavailable' : 'refused'
}

export const isMissingStream = (thrown: unknown): boolean => asFailure(thrown).name === 'ResourceNotFoundException'

export const isStreamInUse = (thrown: unknown): boolean => asFailure(thrown).name === 'ResourceInUseException'

/** One line: what was tried, and what the other side or the system said. */
export function kinesisError(attempted: string, thrown: unknown): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  const { name, code } = asFailure(thrown)
  const kind = kindOfFailure(thrown)
  // A connection that was tried over several addresses fails with an empty message and a code.
  const said = messageOf(thrown).split('\n')[0] || code || name || 'no reason given'
  return new TidemarkError({
    code: kind === 'refused' ? 'KINESIS_REFUSED' : 'KINESIS_UNREACHABLE',
    domain: 'connector',
    message: `${attempted}: ${kind === 'refused' && name !== undefined && name !== 'Error' ? `${name}: ` : ''}${said}`,
    retryable: kind !== 'refused',
    cause: thrown,
  })
}
