import { messageOf, TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { DEFAULT_CREDENTIALS, type LocalS3Credentials } from './access.js'
import { createS3FaultPlan, type S3Faults } from './faults.js'
import { openHttpEndpoint } from './http-endpoint.js'
import { checkBucketName } from './operations/buckets.js'
import { checkOptions, invalidOption, type LocalS3Options } from './options.js'
import { respond, type Service } from './respond.js'
import { type LocalS3Stats, statsOf, Traffic } from './stats.js'
import type { Bucket } from './store/bucket.js'
import { ObjectStore } from './store/object-store.js'
import { partsInOrder } from './store/upload.js'

export interface LocalS3 {
  /** For the SDK's `endpoint`. */
  readonly endpoint: string
  readonly host: string
  readonly port: number
  readonly region: string
  /** The first access key; without any, one that works like all others. */
  readonly credentials: LocalS3Credentials
  readonly faults: S3Faults
  /** Does nothing if there is one of that name. */
  createBucket(name: string): void
  /** In the order in which S3 lists them. This and what follows throws TidemarkError LOCAL_S3_BUCKET_UNKNOWN. */
  keys(bucket: string, prefix?: string): readonly string[]
  /** A copy of an object's bytes; undefined if there is none. */
  read(bucket: string, key: string): Buffer | undefined
  /** Deletes an object behind the back of everyone. Returns whether there was one. */
  remove(bucket: string, key: string): boolean
  /** Multipart uploads that were neither completed nor aborted, in the order in which they began. */
  uploads(bucket: string): readonly LocalS3Upload[]
  /** What an abort-incomplete-uploads lifecycle does when its time has come. Returns whether there was such an upload. */
  expireUpload(bucket: string, uploadId: string): boolean
  stats(): LocalS3Stats
  /** Ends open connections and forgets everything. Closing twice does nothing. */
  close(): Promise<void>
}

export interface LocalS3Upload {
  readonly uploadId: string
  readonly key: string
  readonly parts: readonly { readonly number: number; readonly etag: string; readonly bytes: number }[]
}

const GIBIBYTE = 1024 ** 3
const MIN_PART_BYTES = 5 * 1024 * 1024

/**
 * Starts an S3 in this process, for development and tests. The AWS SDK needs its `endpoint`, `region` and `credentials`, and
 * `forcePathStyle: true` unless the endpoint's name resolves with a bucket in front.
 *
 * @throws TidemarkError LOCAL_S3_PORT_IN_USE, LOCAL_S3_LISTEN_FAILED, LOCAL_S3_OPTION_INVALID
 */
export async function startLocalS3(options: LocalS3Options = {}): Promise<LocalS3> {
  checkOptions(options)
  const closing = new AbortController()
  const service = createService(options, closing.signal)
  const { store } = service.s3
  for (const name of options.buckets ?? []) createBucket(service, name)
  const host = options.host ?? '127.0.0.1'
  const endpoint = await openHttpEndpoint(host, options.port ?? 0, (request, response) => {
    void respond(service, request, response)
  })
  let closed: Promise<void> | undefined
  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`,
    host,
    port: endpoint.port,
    region: service.s3.region,
    credentials: service.credentials?.[0] ?? DEFAULT_CREDENTIALS,
    faults: service.faults,
    createBucket: (name) => createBucket(service, name),
    keys: (bucket, prefix = '') => keysOf(store, bucket, prefix),
    read(bucket, key) {
      const object = known(store, bucket).objects.get(key)
      return object && Buffer.from(object.bytes)
    },
    remove(name, key) {
      const bucket = known(store, name)
      if (!bucket.objects.has(key)) return false
      store.delete(bucket, key)
      return true
    },
    uploads: (bucket) => uploadsOf(store, bucket),
    expireUpload(name, uploadId) {
      const bucket = known(store, name)
      const upload = bucket.uploads.get(uploadId)
      if (upload === undefined) return false
      store.dropUpload(bucket, upload)
      return true
    },
    stats: () => statsOf(service.traffic, store, service.faults.injected()),
    close() {
      closing.abort()
      closed ??= endpoint.close()
      return closed
    },
  }
}

function createService(options: LocalS3Options, closed: AbortSignal): Service {
  const environment = options.environment ?? systemEnvironment()
  const { latencyMs = 0 } = options
  return {
    s3: {
      environment,
      region: options.region ?? 'us-east-1',
      minPartBytes: options.minPartBytes ?? MIN_PART_BYTES,
      store: new ObjectStore(options.maxBytes ?? GIBIBYTE),
    },
    credentials: options.credentials,
    domains: options.domains ?? ['localhost'],
    faults: createS3FaultPlan(options.random ?? environment.random, options.faults),
    traffic: new Traffic(),
    latencyMs: typeof latencyMs === 'function' ? latencyMs : () => latencyMs,
    closed,
  }
}

function createBucket({ s3 }: Service, name: string): void {
  try {
    checkBucketName(name)
  } catch (cause) {
    throw invalidOption(`${JSON.stringify(name)} cannot be a bucket: ${messageOf(cause)}`)
  }
  if (!s3.store.buckets.has(name)) s3.store.createBucket(name, s3.environment.clock.now())
}

/** @throws TidemarkError LOCAL_S3_BUCKET_UNKNOWN */
function known(store: ObjectStore, name: string): Bucket {
  const found = store.buckets.get(name)
  if (found !== undefined) return found
  throw new TidemarkError({
    code: 'LOCAL_S3_BUCKET_UNKNOWN',
    domain: 'user',
    message: `local S3: there is no bucket ${JSON.stringify(name)}; make it with createBucket, or the option buckets`,
  })
}

function keysOf(store: ObjectStore, name: string, prefix: string): readonly string[] {
  const { keys } = known(store, name)
  const found: string[] = []
  let at = keys.firstFrom(prefix)
  for (let key = keys.at(at); key?.startsWith(prefix); key = keys.at(at)) {
    found.push(key)
    at++
  }
  return found
}

function uploadsOf(store: ObjectStore, name: string): readonly LocalS3Upload[] {
  return [...known(store, name).uploads.values()].map((upload) => ({
    uploadId: upload.id,
    key: upload.key,
    parts: partsInOrder(upload).map(({ number, etag, bytes }) => ({ number, etag, bytes: bytes.length })),
  }))
}
