import { messageOf, TidemarkError } from '../../core/errors.js'
import { failureKind, type SdkError, saidBy } from '../../core/s3-failure.js'

export type S3Operation =
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'ListObjectsV2'

const PERMISSIONS: Readonly<Record<S3Operation, string>> = {
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  PutObject: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads on the bucket',
  // Without the right to list, S3 answers 403 for an object that is not there, too.
  HeadObject: 's3:GetObject, and s3:ListBucket on the bucket',
  GetObject: 's3:GetObject, and s3:ListBucket on the bucket',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket on the bucket',
}

export interface FailureContext {
  readonly operatorId: string
  readonly operation: S3Operation
  readonly bucket: string
  /** An object, or the beginning of several. */
  readonly key: string
  readonly endpoint: string
}

/** The end of a request that was not answered well, or not at all. */
export function requestFailed(thrown: unknown, context: FailureContext, triedForMs: number): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  const { operatorId, operation, bucket, key, endpoint } = context
  const at = `sink '${operatorId}': ${operation} of s3://${bucket}/${key} (${endpoint})`
  const said = saidBy(thrown)
  const base = { domain: 'connector', operatorId, cause: thrown } as const
  switch (failureKind(thrown)) {
    case 'forbidden':
      return new TidemarkError({
        ...base,
        code: 'S3_FORBIDDEN',
        retryable: true,
        message: `${at}: not allowed (${said}); the role needs ${permissionOf(thrown, operation)}`,
      })
    case 'credentials':
      return new TidemarkError({
        ...base,
        code: 'S3_CREDENTIALS',
        retryable: true,
        message: `${at}: the credentials are missing, wrong or expired (${said}); renew them where the AWS SDK looks for them`,
      })
    case 'bucketMissing':
      return new TidemarkError({
        ...base,
        code: 'S3_BUCKET_MISSING',
        message: `${at}: there is no such bucket (${said}); create it, or correct its name or the endpoint`,
      })
    case 'region':
      return new TidemarkError({
        ...base,
        code: 'S3_REGION_WRONG',
        message: `${at}: ${said}; set region to that of the bucket${regionOf(thrown)}`,
      })
    case 'passing':
      return new TidemarkError({
        ...base,
        code: 'S3_UNAVAILABLE',
        retryable: true,
        message:
          `${at}: no good answer for ${Math.round(triedForMs / 1000)} s (${said}); check the endpoint, the network and ` +
          "the service's health",
      })
    default:
      return new TidemarkError({ ...base, code: 'S3_REFUSED', message: `${at}: refused: ${said}` })
  }
}

/** What S3 calls an error, whatever its class. */
export function codeOf(thrown: unknown): string | undefined {
  const { name, Code } = (thrown ?? {}) as SdkError
  const found = typeof Code === 'string' ? Code : name
  return typeof found === 'string' ? found : undefined
}

/** The answer to a HEAD has no body that could say of what. */
export function isAbsent(thrown: unknown): boolean {
  return ['NotFound', 'NoSuchKey'].includes(codeOf(thrown) ?? '')
}

/** AWS names the action that was missing, which may be one of KMS. */
function permissionOf(thrown: unknown, operation: S3Operation): string {
  const named = /not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(messageOf(thrown))?.[1]
  return named ?? PERMISSIONS[operation]
}

function regionOf(thrown: unknown): string {
  const region = ((thrown ?? {}) as SdkError).$response?.headers?.['x-amz-bucket-region']
  return region === undefined ? '' : `, ${region}`
}
