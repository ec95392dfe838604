import { messageOf, TidemarkError } from '../../../core/errors.js'

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

interface SdkError {
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

export type S3Operation = 'PutObject' | 'GetObject' | 'ListObjectsV2' | 'DeleteObject' | 'DeleteObjects'

const VERBS: Readonly<Record<S3Operation, string>> = {
  PutObject: 'write',
  GetObject: 'read',
  ListObjectsV2: 'list',
  DeleteObject: 'delete',
  DeleteObjects: 'delete',
}

const PERMISSIONS: Readonly<Record<S3Operation, string>> = {
  PutObject: 's3:PutObject',
  // Without the right to list, S3 answers 403 for an object that is not there, too.
  GetObject: 's3:GetObject (and s3:ListBucket, without which S3 answers the same for an object that does not exist)',
  ListObjectsV2: 's3:ListBucket',
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
}

export interface FailureContext {
  readonly operation: S3Operation
  /** An object, or a prefix of several. */
  readonly name: string
  readonly bucket: string
  readonly location: string
  readonly endpoint: string
}

/** The end of a request that was not answered well, or not at all. */
export function requestFailed(thrown: unknown, context: FailureContext, attempts: number): TidemarkError {
  if (thrown instanceof TidemarkError && thrown.code === 'STORAGE_CLOSED') return thrown
  const { operation, name, bucket, location, endpoint } = context
  const object = name === '' ? '' : `'${name}' in `
  const at = `could not ${VERBS[operation]} ${object}${location} (${endpoint})`
  const said = saidBy(thrown)
  const base = { domain: 'storage', cause: thrown } as const
  switch (failureKind(thrown)) {
    case 'forbidden':
      return new TidemarkError({
        ...base,
        code: 'STORAGE_FORBIDDEN',
        retryable: true,
        message: `${at}: not allowed (${said}); the role needs ${permissionOf(thrown, operation)}`,
      })
    case 'credentials':
      return new TidemarkError({
        ...base,
        code: 'STORAGE_CREDENTIALS',
        retryable: true,
        message:
          `${at}: the credentials are missing, wrong or expired (${said}); renew them where the AWS SDK looks for them: ` +
          'the environment (AWS_ACCESS_KEY_ID and so on), a profile, or the role of the container or instance',
      })
    case 'bucketMissing':
      return new TidemarkError({
        ...base,
        code: 'STORAGE_BUCKET_MISSING',
        message: `${at}: there is no bucket '${bucket}' (${said}); create it, or correct the name or the endpoint`,
      })
    case 'region':
      return new TidemarkError({
        ...base,
        code: 'STORAGE_REGION_WRONG',
        message: `${at}: ${said}; ${regionAdvice(thrown, bucket)}`,
      })
    case 'passing':
      return new TidemarkError({
        ...base,
        code: 'STORAGE_FAILED',
        retryable: true,
        message:
          `${at}: no good answer to ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} (${said}); ` +
          'check the endpoint, the network and the health of the service',
      })
    default:
      return new TidemarkError({ ...base, code: 'STORAGE_REFUSED', message: `${at}: refused: ${said}` })
  }
}

/** AWS names the action that was missing, which may be one of KMS or of the bucket's policy. */
function permissionOf(thrown: unknown, operation: S3Operation): string {
  const message = messageOf(thrown)
  const named = /not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(message)?.[1]
  if (named !== undefined) return named
  if (!/\bkms\b/i.test(message)) return PERMISSIONS[operation]
  return operation === 'PutObject' ? 'kms:GenerateDataKey on the key' : 'kms:Decrypt on the key'
}

function regionAdvice(thrown: unknown, bucket: string): string {
  const region = ((thrown ?? {}) as SdkError).$response?.headers?.['x-amz-bucket-region']
  if (region !== undefined) return `bucket '${bucket}' is in region ${region}: set that (AWS_REGION, or s3.region)`
  return `set the region of bucket '${bucket}' (AWS_REGION, or s3.region)`
}

function saidBy(thrown: unknown): string {
  const { name } = (thrown ?? {}) as SdkError
  const message = messageOf(thrown).replace(/\.$/, '')
  const status = statusOf(thrown)
  const code = typeof name === 'string' && name !== 'Error' && name !== 'TidemarkError' ? name : undefined
  const parts = [status === undefined ? undefined : String(status), code, message === code ? undefined : message]
  return parts.filter((part) => part !== undefined && part !== '').join(' ') || 'no message'
}
