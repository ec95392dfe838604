import { type AssumeRole, requireAssumeRole } from '../../core/assume-role.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'

export interface BasicAuthentication {
  readonly username: string
  readonly password: string
}

/** Calls are signed (SigV4), as OpenSearch on AWS wants it. Needs `@aws-sdk/credential-providers`. */
export interface AwsAuthentication {
  /** `es`: a domain of Amazon OpenSearch Service. `aoss`: a collection of OpenSearch Serverless. */
  readonly service: 'es' | 'aoss'
  readonly region: string
  /** Default: those that the SDK finds. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>)
  /** A role that is taken on before anything is written. */
  readonly assumeRole?: AssumeRole
}

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** For https:// nodes. Text in PEM. */
export interface TlsOptions {
  /** Of the authority that signed the server's certificate. Default: those that Node knows. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** The name that the server's certificate has, where it is not the node's. */
  readonly servername?: string
  /** Default true. */
  readonly rejectUnauthorized?: boolean
}

/** How the cluster is reached. */
export type ConnectionOptions<Client, Config> =
  | {
      /** URLs of the cluster's nodes, without credentials. */
      readonly node: string | readonly string[]
      readonly auth?: BasicAuthentication
      readonly aws?: AwsAuthentication
      readonly tls?: TlsOptions
      /** Passed to the client that the connector makes: headers, proxies, compression. It has the last word. */
      readonly clientConfig?: Config
      readonly client?: undefined
    }
  | {
      /** A client to use as it is; it is not closed. */
      readonly client: Client
      readonly node?: undefined
      readonly auth?: undefined
      readonly aws?: undefined
      readonly tls?: undefined
      readonly clientConfig?: undefined
    }

/** Checked. */
export type ConnectionSettings<Client, Config> =
  | { readonly client: Client }
  | {
      readonly client: undefined
      readonly nodes: readonly string[]
      readonly auth: BasicAuthentication | undefined
      readonly aws: AwsAuthentication | undefined
      readonly tls: TlsOptions | undefined
      readonly clientConfig: Config | undefined
    }

/** @throws TidemarkError OPTION_INVALID */
export function connectionOf<Client, Config>(
  where: string,
  options: ConnectionOptions<Client, Config>,
): ConnectionSettings<Client, Config> {
  const { node, auth, aws, tls, client, clientConfig } = options
  if (client !== undefined) {
    if ((node ?? auth ?? aws ?? tls ?? clientConfig) === undefined) return { client }
    throw optionInvalid(
      where,
      'client is used as it is: put node, credentials, TLS and the rest of clientConfig into it',
    )
  }
  const nodes = typeof node === 'string' ? [node] : node
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw optionInvalid(where, 'node is the URL of a node such as http://127.0.0.1:9200, or several; or give a client')
  }
  for (const url of nodes) requireNode(where, url)
  if (auth !== undefined) requireAuth(where, auth)
  if (aws !== undefined) requireAws(where, aws)
  if (auth !== undefined && aws !== undefined) {
    throw optionInvalid(where, 'auth is a user of the cluster, aws signs as AWS wants it: give one of them')
  }
  if (tls !== undefined) {
    requireKnownOptions<TlsOptions>(`${where}: tls`, tls, {
      ca: true,
      cert: true,
      key: true,
      passphrase: true,
      servername: true,
      rejectUnauthorized: true,
    })
  }
  if (clientConfig !== undefined && (typeof clientConfig !== 'object' || clientConfig === null)) {
    throw optionInvalid(where, "clientConfig is an object of options of OpenSearch's client")
  }
  return { client: undefined, nodes, auth, aws, tls, clientConfig }
}

function requireNode(where: string, node: unknown): void {
  const url = typeof node === 'string' && URL.canParse(node) ? new URL(node) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  // Credentials in a URL would end up in messages.
  if (isPlain && url.username === '' && url.password === '') return
  throw optionInvalid(
    where,
    'node is a URL such as https://search.example:9200, without credentials, which go into auth',
  )
}

function requireAuth(where: string, auth: BasicAuthentication): void {
  requireKnownOptions<BasicAuthentication>(`${where}: auth`, auth, { username: true, password: true })
  if (typeof auth.username === 'string' && typeof auth.password === 'string') return
  throw optionInvalid(where, 'auth has a username and a password')
}

function requireAws(where: string, aws: AwsAuthentication): void {
  requireKnownOptions<AwsAuthentication>(`${where}: aws`, aws, {
    service: true,
    region: true,
    credentials: true,
    assumeRole: true,
  })
  if (aws.service === undefined) throw optionInvalid(where, "aws.service is 'es', or 'aoss' for OpenSearch Serverless")
  requireChoice(where, { name: 'aws.service', value: aws.service, choices: ['es', 'aoss'] })
  if (!/^[a-z0-9-]{1,64}$/.test(String(aws.region))) {
    throw optionInvalid(where, `aws.region is a name such as eu-west-1, found '${aws.region}'`)
  }
  if (aws.assumeRole !== undefined) requireAssumeRole(where, aws.assumeRole)
}
