import { messageOf, TidemarkError } from './errors.js'

/*
 * How answers of S3 are told apart, for what keeps its state there and what writes there. No SDK is needed for it.
 */

/** What an answer, or its absence, means. Nothing in it depends on a message's text but where no code is given. */
export type FailureKind =
  | 'absent'
  | 'bucketMissing'
  | 'precondition'
  | 'range'
  | 'forbidden'
  | 'credentials'
  | 'region'
  | 'refused'
  | 'passing'

/** `passing`: may succeed when tried again, and may have been applied. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  NoSuchKey: 'absent',
  NoSuchBucket: 'bucketMissing',
  PreconditionFailed: 'precondition',
  InvalidRange: 'range',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  TokenRefreshRequired: 'credentials',
  InvalidToken: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  PermanentRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  ConditionalRequestConflict: 'passing',
  OperationAborted: 'passing',
  RequestTimeout: 'passing',
  // The SDK corrects its clock by the answer.
  RequestTimeTooSkewed: 'passing',
  // Damaged on the way.
  BadDigest: 'passing',
  IncompleteBody: 'passing',
  XAmzContentSHA256Mismatch: 'passing',
  XAmzContentChecksumMismatch: 'passing',
}

export interface SdkError {
  readonly name?: unknown
  readonly Code?: unknown
  /** Of exceptions that were read from an answer. */
  readonly $fault?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly attempts?: unknown }
  readonly $response?: { readonly statusCode?: unknown; readonly headers?: Readonly<Record<string, string>> }
}

export function failureKind(thrown: unknown): FailureKind {
  if (thrown instanceof TidemarkError) return thrown.retryable ? 'passing' : 'refused'
  const { name, Code } = (thrown ?? {}) as SdkError
  for (const code of [Code, name]) {
    if (typeof code === 'string' && Object.hasOwn(KINDS, code)) return KINDS[code] as FailureKind
  }
  const status = statusOf(thrown)
  if (status === undefined) return isConfiguration(thrown) ? 'region' : 'passing'
  if (status === 301) return 'region'
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 412) return 'precondition'
  if (status === 408 || status === 409 || status === 429 || status >= 500) return status === 501 ? 'refused' : 'passing'
  if (status >= 200 && status < 300) return 'passing'
  // Also a 404 that does not say of what: a proxy's answer is no proof that there is no such object.
  return isUnderstood(thrown) ? 'refused' : 'passing'
}

/** The SDK could read what the server says. If not, it was cut off or damaged on the way. */
function isUnderstood(thrown: unknown): boolean {
  return ((thrown ?? {}) as SdkError).$fault !== undefined
}

/** How often the client itself has tried: more than once where a user's client has retries of its own. */
export function attemptsOf(thrown: unknown): number {
  const attempts = ((thrown ?? {}) as SdkError).$metadata?.attempts
  return typeof attempts === 'number' ? attempts : 1
}

function statusOf(thrown: unknown): number | undefined {
  const { $metadata, $response } = (thrown ?? {}) as SdkError
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  return typeof status === 'number' ? status : undefined
}

/** Without an answer it was the network, unless the SDK could not even make the request. */
function isConfiguration(thrown: unknown): boolean {
  return /^(Region is missing|Invalid Configuration|Invalid region)/.test(messageOf(thrown))
}

/** The server's words, for messages. */
export function saidBy(thrown: unknown): string {
  const { name } = (thrown ?? {}) as SdkError
  const message = messageOf(thrown).replace(/\.$/, '')
  const status = statusOf(thrown)
  const code = typeof name === 'string' && name !== 'Error' && name !== 'TidemarkError' ? name : undefined
  const parts = [status === undefined ? undefined : String(status), code, message === code ? undefined : message]
  return parts.filter((part) => part !== undefined && part !== '').join(' ') || 'no message'
}
