import type { IncomingHttpHeaders } from 'node:http'
import type { OperationName } from './operations/names.js'
import { S3Error } from './s3-error.js'
import type { Address } from './wire/address.js'

/** One statement of a policy as IAM has it, without conditions. `*` and `?` are wildcards in actions and resources. */
export interface S3PolicyStatement {
  readonly effect: 'Allow' | 'Deny'
  /** Such as `s3:GetObject`. */
  readonly actions: readonly string[]
  /** Such as `arn:aws:s3:::bucket/prefix/*`. Default: everything. */
  readonly resources?: readonly string[]
}

export interface LocalS3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** What these may do; nothing is allowed but by a statement. Default: everything. */
  readonly policy?: readonly S3PolicyStatement[]
  /** Every call fails with ExpiredToken. */
  readonly isExpired?: boolean
}

export const DEFAULT_CREDENTIALS: LocalS3Credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' }

/** The permission that each operation asks for. Copies also read, which the operation checks itself. */
const ACTIONS: Readonly<Record<OperationName, string | undefined>> = {
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  CompleteMultipartUpload: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateBucket: 's3:CreateBucket',
  CreateMultipartUpload: 's3:PutObject',
  DeleteBucket: 's3:DeleteBucket',
  DeleteObject: 's3:DeleteObject',
  // Checked for each key.
  DeleteObjects: undefined,
  GetBucketLocation: 's3:GetBucketLocation',
  GetObject: 's3:GetObject',
  HeadBucket: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  ListBuckets: 's3:ListAllMyBuckets',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjectsV2: 's3:ListBucket',
  ListParts: 's3:ListMultipartUploadParts',
  PutObject: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  Unknown: undefined,
}

export type May = (action: string, bucket: string, key?: string) => boolean

/**
 * What the caller may do. The access key is looked up where there are some to choose from; signatures are not checked.
 *
 * @throws S3Error AccessDenied: no signature, InvalidAccessKeyId, ExpiredToken, AuthorizationHeaderMalformed
 */
export function permissionsOf(
  all: readonly LocalS3Credentials[] | undefined,
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): May {
  const accessKeyId = accessKeyOf(headers, query)
  if (all === undefined) return () => true
  const found = all.find((credentials) => credentials.accessKeyId === accessKeyId)
  if (found === undefined) throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: accessKeyId })
  if (found.isExpired) throw new S3Error('ExpiredToken')
  const { policy } = found
  return policy === undefined ? () => true : (action, bucket, key) => allows(policy, action, arnOf(bucket, key))
}

/** @throws S3Error AccessDenied */
export function checkPermission(may: May, operation: OperationName, { bucket, key }: Address): void {
  const action = ACTIONS[operation]
  if (action !== undefined && !may(action, bucket, key)) throw new S3Error('AccessDenied')
}

function accessKeyOf(headers: IncomingHttpHeaders, query: URLSearchParams): string {
  const credential =
    headers.authorization === undefined
      ? query.get('X-Amz-Credential')
      : /^AWS4-HMAC-SHA256 .*Credential=([^,\s]+)/.exec(headers.authorization)?.[1]
  if (credential === null) throw new S3Error('AccessDenied')
  const accessKeyId = credential?.split('/')[0]
  if (accessKeyId === undefined || accessKeyId === '') throw new S3Error('AuthorizationHeaderMalformed')
  return accessKeyId
}

function allows(policy: readonly S3PolicyStatement[], action: string, arn: string): boolean {
  const matching = policy.filter(({ actions, resources = ['*'] }) => {
    return actions.some((one) => matches(one, action)) && resources.some((one) => matches(one, arn))
  })
  return matching.length > 0 && matching.every(({ effect }) => effect === 'Allow')
}

function arnOf(bucket: string, key = ''): string {
  return `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
