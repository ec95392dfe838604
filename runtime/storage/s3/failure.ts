import { messageOf, TidemarkError } from '../../../core/errors.js'
import { failureKind, type SdkError, saidBy } from '../../../core/s3-failure.js'

export { attemptsOf, failureKind } from '../../../core/s3-failure.js'

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
