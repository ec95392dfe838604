import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { AwsSettings } from '../aws/options.js'
import { type AwsLease, type AwsService, SharedAwsClient } from '../aws/shared-client.js'

export type S3Sdk = typeof import('@aws-sdk/client-s3')
export type ClientLease = AwsLease<S3Sdk, S3Client>
export type SharedClient = SharedAwsClient<S3Sdk, S3Client, S3ClientConfig>

export function sharedClient(where: string, settings: AwsSettings<S3Client, S3ClientConfig>): SharedClient {
  const service: AwsService<S3Sdk, S3Client, S3ClientConfig> = {
    where,
    httpVersion: '1.1',
    packages: '@aws-sdk/client-s3 @smithy/node-http-handler',
    load: () => import('@aws-sdk/client-s3'),
    connect: (sdk, config) =>
      new sdk.S3Client({
        // Checksums are given by the sink. Other servers than AWS's stumble over the SDK's own.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        // Names of buckets before the host are for AWS's own endpoints.
        forcePathStyle: settings.clientConfig.endpoint !== undefined,
        ...config,
      }),
  }
  return new SharedAwsClient(service, settings)
}
