import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { LocalS3 } from './server.js'

/** The real SDK client, pointed at a local S3. It retries nothing, so that a test sees each error. */
export function localS3Client(
  server: Pick<LocalS3, 'endpoint' | 'region' | 'credentials'>,
  config: S3ClientConfig = {},
): S3Client {
  const { endpoint, region, credentials } = server
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...config })
}
