import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis'
import type { HttpVersion } from '../aws/client-config.js'
import type { AwsSettings } from '../aws/options.js'
import { type AwsLease, type AwsService, SharedAwsClient } from '../aws/shared-client.js'

export type KinesisSdk = typeof import('@aws-sdk/client-kinesis')
export type ClientLease = AwsLease<KinesisSdk, KinesisClient>
export type SharedClient = SharedAwsClient<KinesisSdk, KinesisClient, KinesisClientConfig>

/**
 * @param where `kinesis`, `kinesisSink`: for messages
 * @param httpVersion the SDK's choice of HTTP/2 opens a connection for each call: for subscriptions alone
 */
export function sharedClient(
  where: string,
  settings: AwsSettings<KinesisClient, KinesisClientConfig>,
  httpVersion: HttpVersion = '1.1',
): SharedClient {
  const service: AwsService<KinesisSdk, KinesisClient, KinesisClientConfig> = {
    where,
    httpVersion,
    packages: '@aws-sdk/client-kinesis @smithy/node-http-handler',
    load: () => import('@aws-sdk/client-kinesis'),
    connect: (sdk, config) => new sdk.KinesisClient(config),
  }
  return new SharedAwsClient(service, settings)
}
