import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { REGION } from './store/stream-store.js'

/**
 * The real SDK client, pointed at a local Kinesis. HTTP/1.1, because it is the faster of the two that the server
 * speaks. It retries nothing, so that a test sees each error.
 */
export function localKinesisClient(url: string): KinesisClient {
  return new KinesisClient({
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
}
