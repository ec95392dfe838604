import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { TidemarkError } from '../../../core/errors.js'
import { roleCredentials } from './assume-role.js'
import type { S3StoreOptions } from './options.js'

export type S3Sdk = typeof import('@aws-sdk/client-s3')

export interface S3Connection {
  readonly sdk: S3Sdk
  readonly client: S3Client
  /** For messages. */
  readonly endpoint: string
  /** A user's client is the user's to destroy. */
  release(): void
}

/**
 * The optional peer dependency, loaded when the first location on S3 is opened.
 * @throws TidemarkError DEPENDENCY_MISSING with the command that installs it
 */
export async function loadS3Sdk(load: () => Promise<S3Sdk> = () => import('@aws-sdk/client-s3')): Promise<S3Sdk> {
  try {
    return await load()
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: 's3: the AWS SDK is not installed; run: npm i @aws-sdk/client-s3',
      cause: thrown,
    })
  }
}

export function connect(
  sdk: S3Sdk,
  options: S3StoreOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): S3Connection {
  if (options.client) {
    // Only what the SDK calls a client can be sent its commands; the type is loose for users who have no SDK.
    return { sdk, client: options.client as S3Client, endpoint: 'the given client', release: () => undefined }
  }
  const endpoint = options.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']
  // The SDK finds the region of a profile; behind an endpoint it only has to be some region.
  const region = options.region ?? (endpoint === undefined ? undefined : (env['AWS_REGION'] ?? 'us-east-1'))
  const config: S3ClientConfig = {
    // Retries are made in one layer: in this store, which has to know of every attempt whose outcome is unknown.
    maxAttempts: 1,
    // Checksums are given and verified by the store. Other servers than AWS's stumble over the SDK's own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    forcePathStyle: options.pathStyle ?? endpoint !== undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...options.clientConfig,
  }
  const { assumeRole } = options
  const client = new sdk.S3Client({
    ...config,
    ...(assumeRole && { credentials: roleCredentials(assumeRole, config) }),
  })
  const shown = endpoint ?? (region === undefined ? 'AWS' : `AWS ${region}`)
  return { sdk, client, endpoint: shown, release: () => client.destroy() }
}
