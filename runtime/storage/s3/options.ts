import { type AssumeRole, requireAssumeRole } from '../../../core/assume-role.js'
import { type Duration, seconds } from '../../../core/duration.js'
import { optionInvalid, requireChoice, requireEndpoint, requireKnownOptions } from '../../../core/options.js'

/** How to reach S3. docs/storage.md has the permissions that suffice. */
export interface S3StoreOptions {
  /** Of another S3 than AWS's. Default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS's own for the region. */
  readonly endpoint?: string
  /** Default: AWS_REGION or the profile's; `us-east-1` where there is an endpoint. */
  readonly region?: string
  /** A role that is taken on before anything is asked of S3. Needs `@aws-sdk/credential-providers`. */
  readonly assumeRole?: AssumeRole
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true where there is an endpoint. */
  readonly pathStyle?: boolean
  /** Default: as the bucket is set up, which is SSE-S3 unless somebody chose otherwise. */
  readonly encryption?: S3Encryption
  /** Requests under way at once, all of this store together. Default 8. */
  readonly parallel?: number
  /** Attempts at a request until it counts as failed. Default 8, which takes about 10 s. */
  readonly attempts?: number
  /** For one attempt; a large body gets a second more for each MiB. Default 30 s. */
  readonly timeout?: Duration
  /**
   * Options of the SDK's `S3Client` (`S3ClientConfig`), such as `credentials`. Default: the SDK's own chain of credentials.
   * Typed loosely, so that a job without S3 needs none of the SDK's types.
   */
  readonly clientConfig?: object
  /** An `S3Client` of your own, instead of all of the above but encryption and limits. It stays yours to destroy. */
  readonly client?: S3ClientLike
}

export type S3Encryption =
  | { readonly kind: 'SSE-S3' }
  | {
      readonly kind: 'SSE-KMS'
      /** Id, ARN or alias. Default: the key that AWS manages. */
      readonly keyId?: string
      /** One call of KMS for many objects. Default: as the bucket is set up. */
      readonly bucketKey?: boolean
    }

export interface S3ClientLike {
  send(command: never, options?: never): Promise<unknown>
  destroy(): void
}

export interface S3Limits {
  readonly parallel: number
  readonly attempts: number
  readonly timeoutMs: number
}

export function limitsOf(options: S3StoreOptions): S3Limits {
  return {
    parallel: options.parallel ?? 8,
    attempts: options.attempts ?? 8,
    timeoutMs: (options.timeout ?? seconds(30)).ms,
  }
}

/** @throws TidemarkError OPTION_INVALID */
export function requireS3Options(where: string, options: S3StoreOptions): void {
  requireKnownOptions(where, options, {
    endpoint: true,
    region: true,
    assumeRole: true,
    pathStyle: true,
    encryption: true,
    parallel: true,
    attempts: true,
    timeout: true,
    clientConfig: true,
    client: true,
  })
  const { endpoint, region, encryption, client, clientConfig, timeout } = options
  if (endpoint !== undefined) requireEndpoint(where, endpoint)
  if (region !== undefined && (typeof region !== 'string' || !/^[a-z0-9-]{1,64}$/i.test(region))) {
    throw optionInvalid(where, `region is a name such as eu-west-1, found ${shown(region)}`)
  }
  requireBoolean(where, 'pathStyle', options.pathStyle)
  for (const name of ['parallel', 'attempts'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1 && value <= 1000)) {
      throw optionInvalid(where, `${name} is a whole number from 1 to 1000, found ${shown(value)}`)
    }
  }
  if (timeout !== undefined && !(typeof timeout?.ms === 'number' && timeout.ms > 0)) {
    throw optionInvalid(where, `timeout is a duration longer than 0 such as seconds(30), found ${shown(timeout)}`)
  }
  if (options.assumeRole !== undefined) requireAssumeRole(where, options.assumeRole)
  if (encryption !== undefined) requireEncryption(`${where}.encryption`, encryption)
  if (clientConfig !== undefined && (typeof clientConfig !== 'object' || clientConfig === null)) {
    throw optionInvalid(
      where,
      `clientConfig is an object of options of the SDK's S3Client, found ${shown(clientConfig)}`,
    )
  }
  if (client === undefined) return
  if (typeof client?.send !== 'function') {
    throw optionInvalid(where, `client is an S3Client of @aws-sdk/client-s3, found ${shown(client)}`)
  }
  for (const name of ['endpoint', 'region', 'assumeRole', 'pathStyle', 'clientConfig'] as const) {
    if (options[name] !== undefined) throw optionInvalid(where, `${name} does not go with client: configure the client`)
  }
}

function requireEncryption(where: string, encryption: S3Encryption): void {
  requireKnownOptions(where, encryption, { kind: true, keyId: true, bucketKey: true })
  if (encryption.kind === undefined) throw optionInvalid(where, 'kind is missing: SSE-S3 or SSE-KMS')
  requireChoice(where, { name: 'kind', value: encryption.kind, choices: ['SSE-S3', 'SSE-KMS'] })
  const keyId = 'keyId' in encryption ? encryption.keyId : undefined
  const bucketKey = 'bucketKey' in encryption ? encryption.bucketKey : undefined
  if (encryption.kind === 'SSE-S3' && (keyId !== undefined || bucketKey !== undefined)) {
    throw optionInvalid(where, 'keyId and bucketKey go with SSE-KMS alone')
  }
  if (keyId !== undefined && (typeof keyId !== 'string' || keyId === '')) {
    throw optionInvalid(where, `keyId is the id, ARN or alias of a key, found ${shown(keyId)}`)
  }
  requireBoolean(where, 'bucketKey', bucketKey)
}

function requireBoolean(where: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw optionInvalid(where, `${name} is true or false, found ${shown(value)}`)
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  return typeof value === 'number' ? String(value) : value === null ? 'null' : `a value of type ${typeof value}`
}
