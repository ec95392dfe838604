import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { TidemarkError } from 'tidemark'

const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' }

/**
 * A client for Kinesis at a URL: that of a region (`https://kinesis.eu-central-1.amazonaws.com`), with the machine's
 * credentials, or a local one, which accepts any. It does not retry: the replayer does, and counts.
 * @throws TidemarkError KINESIS_URL_INVALID
 */
export function kinesisAt(url: string): KinesisClient {
  const { hostname, protocol } = parseUrl(url)
  const region = /^kinesis(?:-fips)?\.([a-z0-9-]+)\./.exec(hostname)?.[1] ?? process.env['AWS_REGION'] ?? 'us-east-1'
  const needsCredentials = isAws(url) || protocol === 'https:' || process.env['AWS_ACCESS_KEY_ID'] !== undefined
  return new KinesisClient({
    endpoint: url,
    region,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 3000, requestTimeout: 15_000 }),
    ...(needsCredentials ? {} : { credentials: LOCAL_CREDENTIALS }),
  })
}

/** Whether the URL is that of AWS, and not of a local Kinesis. */
export const isAws = (url: string): boolean => /\.amazonaws\.com(?:\.cn)?$/.test(parseUrl(url).hostname)

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed
  throw new TidemarkError({
    code: 'KINESIS_URL_INVALID',
    domain: 'user',
    message: `'${url}' is not the URL of a Kinesis: expected one such as http://127.0.0.1:4567`,
  })
}
