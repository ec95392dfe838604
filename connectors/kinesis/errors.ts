import { messageOf, TidemarkError } from '../../core/errors.js'

/** What to do about a failed call: nothing in it depends on a message's text. */
export type FailureKind =
  | 'throttled'
  | 'transient'
  /** Of a stream or consumer that is being changed, or a subscription that is too new to be taken over. */
  | 'inUse'
  | 'expiredIterator'
  | 'expiredCredentials'
  | 'notFound'
  | 'denied'
  | 'invalid'

const KINDS: Readonly<Record<string, FailureKind>> = {
  ProvisionedThroughputExceededException: 'throttled',
  LimitExceededException: 'throttled',
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  RequestLimitExceeded: 'throttled',
  KMSThrottlingException: 'throttled',
  ExpiredIteratorException: 'expiredIterator',
  ResourceNotFoundException: 'notFound',
  ResourceInUseException: 'inUse',
  // The SDK corrects its clock by the answer.
  RequestTimeTooSkewed: 'transient',
  RequestExpired: 'transient',
  // The SDK gets new ones where it knows how to; somebody else may, too.
  ExpiredTokenException: 'expiredCredentials',
  ExpiredToken: 'expiredCredentials',
  TokenRefreshRequired: 'expiredCredentials',
  AccessDeniedException: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidSignatureException: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidClientTokenId: 'denied',
  MissingAuthenticationTokenException: 'denied',
  OptInRequired: 'denied',
  CredentialsProviderError: 'denied',
  KMSAccessDeniedException: 'denied',
  KMSDisabledException: 'denied',
  KMSInvalidStateException: 'denied',
  KMSNotFoundException: 'denied',
  KMSOptInRequired: 'denied',
}

interface SdkError {
  readonly name?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown }
}

export function failureKind(thrown: unknown): FailureKind {
  if (thrown instanceof TidemarkError) return 'invalid'
  const { name, $metadata } = (thrown ?? {}) as SdkError
  const known = typeof name === 'string' && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
  if (known !== undefined) return known
  const status = $metadata?.httpStatusCode
  if (typeof status !== 'number') return thrown instanceof RangeError ? 'invalid' : isConfiguration(thrown)
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'denied'
  return status >= 500 ? 'transient' : 'invalid'
}

/** Without an answer it was the network, unless the SDK could not even make the request. */
function isConfiguration(thrown: unknown): FailureKind {
  return /^(Region is missing|Invalid URL|Resolved credential object is not valid)/.test(messageOf(thrown))
    ? 'invalid'
    : 'transient'
}

export interface FailureContext {
  readonly operatorId: string
  /** `stream taxi`, `shard shardId-000000000000 of stream taxi`. */
  readonly where: string
  readonly endpoint: string
}

/** The end of a call that cannot be made again, or has been made often enough. */
export function callFailed(thrown: unknown, context: FailureContext & { readonly triedForMs?: number }): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  const { operatorId, where, endpoint, triedForMs = 0 } = context
  const at = `source '${operatorId}', ${where} at ${endpoint}`
  const said = oneLine(messageOf(thrown))
  const base = { domain: 'connector', operatorId, location: where, cause: thrown } as const
  const tried = `for ${Math.round(triedForMs / 1000)} s`
  switch (failureKind(thrown)) {
    case 'notFound':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_NOT_FOUND',
        message: `${at}: does not exist (${said}); check the name, the region and the account, or create the stream`,
      })
    case 'denied':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_ACCESS_DENIED',
        message:
          `${at}: not allowed (${said}); the job needs kinesis:DescribeStreamSummary, ListShards, GetShardIterator ` +
          'and GetRecords on the stream (with fan-out Subscribe and those of its consumer; kms:Decrypt where it is encrypted), ' +
          'and valid credentials',
      })
    case 'invalid':
      return new TidemarkError({ ...base, code: 'KINESIS_REQUEST_INVALID', message: `${at}: refused: ${said}` })
    case 'throttled':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_THROTTLED',
        retryable: true,
        message:
          `${at}: throttled ${tried} without one good answer (${said}); other consumers use up the shard's limits: ` +
          'lower their rate or callsPerSecond, or give the stream more shards',
      })
    case 'expiredCredentials':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_CREDENTIALS_EXPIRED',
        retryable: true,
        message:
          `${at}: the credentials have expired, and no new ones came ${tried} (${said}); give the job credentials that ` +
          'renew themselves (a role, a web identity, a profile) instead of a session token',
      })
    case 'inUse':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_IN_USE',
        retryable: true,
        message:
          `${at}: in use ${tried} (${said}); it is being changed, or another reader subscribes with the same consumer: ` +
          'give each job a consumer of its own',
      })
    case 'transient':
    case 'expiredIterator':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_UNAVAILABLE',
        retryable: true,
        message: `${at}: no good answer ${tried} (${said}); check the endpoint, the network and the service's health`,
      })
  }
}

function oneLine(text: string): string {
  return (text.split('\n')[0] ?? '').trim().replace(/\.$/, '') || 'no message'
}
