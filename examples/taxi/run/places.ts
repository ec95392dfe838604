import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { TidemarkError } from 'tidemark'
import { connectionOf } from '../opensearch/connection.js'
import { messageOf } from '../trips/index.js'

export interface Places {
  readonly opensearch: string | undefined
  readonly s3: string | undefined
  readonly s3Endpoint: string | undefined
  readonly resume: boolean
  readonly fromSavepoint: string | undefined
}

/**
 * That OpenSearch and S3 are there and fit, before anything runs: the job would try to reach them for a while, and again.
 * @throws TidemarkError TAXI_OPENSEARCH, TAXI_S3, TAXI_ARCHIVE_NOT_EMPTY
 */
export async function requirePlaces(places: Places): Promise<void> {
  if (places.opensearch !== undefined) await requireOpenSearch(places.opensearch)
  if (places.s3 !== undefined) await requireArchive(places.s3, places)
}

/** @throws TidemarkError TAXI_OPTIONS */
export function bucketAndPrefix(place: string): { readonly bucket: string; readonly prefix: string } {
  const { bucket, prefix } = /^s3:\/\/(?<bucket>[^/]+)\/(?<prefix>[^/].*?)\/*$/.exec(place)?.groups ?? {}
  if (bucket !== undefined && prefix !== undefined) return { bucket, prefix }
  throw new TidemarkError({
    code: 'TAXI_OPTIONS',
    domain: 'user',
    message: `--s3 is a bucket and a prefix, such as s3://bucket/taxi, found '${place}'`,
  })
}

const PATIENCE_MS = 10_000

async function requireOpenSearch(url: string): Promise<void> {
  // Whether the credentials do is told by the sink, before the first document.
  if (connectionOf(url).aws !== undefined) return
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (thrown) {
    throw new TidemarkError({
      code: 'TAXI_OPENSEARCH',
      domain: 'connector',
      message:
        `no OpenSearch answers at ${url} (${reasonOf(thrown)}): check --opensearch and that it runs. To try it without ` +
        'one: npx tidemark dev opensearch',
      cause: thrown,
    })
  }
}

async function requireArchive(place: string, { s3Endpoint, resume, fromSavepoint }: Places): Promise<void> {
  const { bucket, prefix } = bucketAndPrefix(place)
  const client = new S3Client(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint, forcePathStyle: true, ...REGION })
  try {
    const { KeyCount = 0 } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/trips/`, MaxKeys: 1 }),
      { abortSignal: AbortSignal.timeout(PATIENCE_MS) },
    )
    // A run that goes on adds to what is there; a fresh one would archive the same trips again.
    if (KeyCount === 0 || resume || fromSavepoint !== undefined) return
  } catch (thrown) {
    throw s3Error(thrown, place, { bucket, endpoint: s3Endpoint })
  } finally {
    client.destroy()
  }
  throw new TidemarkError({
    code: 'TAXI_ARCHIVE_NOT_EMPTY',
    domain: 'user',
    message: `${place}/trips holds trips of another run: give another --s3, remove them, or go on from them with --resume`,
  })
}

const REGION = process.env['AWS_REGION'] === undefined ? { region: 'us-east-1' } : {}

function s3Error(
  thrown: unknown,
  place: string,
  { bucket, endpoint }: { readonly bucket: string; readonly endpoint: string | undefined },
): TidemarkError {
  const { name, $metadata } = thrown as { readonly name?: string; readonly $metadata?: { httpStatusCode?: number } }
  const at = endpoint === undefined ? 'AWS' : endpoint
  const status = $metadata?.httpStatusCode
  const why =
    name === 'NoSuchBucket'
      ? `there is no bucket '${bucket}' at ${at}: create it, or check --s3`
      : status === 403
        ? `${at} does not allow it (${name}): check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list ${bucket}`
        : name === 'CredentialsProviderError'
          ? 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
          : `no S3 answers at ${at} (${reasonOf(thrown)}): check --s3-endpoint and the network. To try it without one: ` +
            `npx tidemark dev s3 --bucket ${bucket}`
  return new TidemarkError({ code: 'TAXI_S3', domain: 'connector', message: `${place}: ${why}`, cause: thrown })
}

/** Of what fetch and the SDK throw: the reason stands below it, or in a code. */
function reasonOf(thrown: unknown): string {
  const { cause, code } = thrown as { readonly cause?: unknown; readonly code?: string }
  if (cause !== undefined && cause !== thrown) return reasonOf(cause)
  return messageOf(thrown).split('\n')[0] || code || 'no reason given'
}
