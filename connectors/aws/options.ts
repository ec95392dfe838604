import { type AssumeRole, requireAssumeRole } from '../../core/assume-role.js'
import { optionInvalid, requireEndpoint } from '../../core/options.js'

/** How a connector reaches a service of AWS: the same for all of them. */
export type AwsOptions<Client, Config> =
  | {
      /** Default: that of the ARN where there is one, else what the SDK finds. */
      readonly region?: string
      /** URL of another endpoint than the region's own: a VPC endpoint, a server on this machine. */
      readonly endpoint?: string
      /** A role that is taken on before anything is asked of the service. Needs `@aws-sdk/credential-providers`. */
      readonly assumeRole?: AssumeRole
      /** Passed to the client that the connector makes: credentials, proxies, TLS. It has the last word. */
      readonly clientConfig?: Config
      readonly client?: undefined
    }
  | {
      /** A client to use as it is, its retries included; it is not destroyed. */
      readonly client: Client
      readonly region?: undefined
      readonly endpoint?: undefined
      readonly assumeRole?: undefined
      readonly clientConfig?: undefined
    }

/** For `requireKnownOptions`. */
export const AWS_OPTIONS = {
  region: true,
  endpoint: true,
  assumeRole: true,
  clientConfig: true,
  client: true,
} as const

/** Options with their defaults, checked. */
export interface AwsSettings<Client, Config> {
  readonly client: Client | undefined
  readonly clientConfig: Partial<Config>
  readonly assumeRole: AssumeRole | undefined
}

const LOOPBACK = /^http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/i
const REGION = /^[a-z0-9-]{1,64}$/

/**
 * A server on the machine itself needs no account: without credentials given, the SDK would look for some over the
 * network, and real ones would go over plain HTTP.
 * @param arn of what is read or written, where it was given: its region is the default
 * @throws TidemarkError OPTION_INVALID
 */
export function awsSettingsOf<Client, Config extends object>(
  where: string,
  options: AwsOptions<Client, Config>,
  arn?: string,
): AwsSettings<Client, Config> {
  const { region, endpoint, assumeRole, client, clientConfig } = options
  if (client !== undefined) {
    if ((region ?? endpoint ?? assumeRole ?? clientConfig) !== undefined) {
      throw optionInvalid(
        where,
        'client is used as it is: put region, endpoint, credentials and the rest of clientConfig into it',
      )
    }
    return { client, clientConfig: {}, assumeRole: undefined }
  }
  if (region !== undefined && !REGION.test(String(region))) {
    throw optionInvalid(where, `region is a name such as eu-west-1, found '${region}'`)
  }
  if (endpoint !== undefined) requireEndpoint(where, endpoint)
  if (assumeRole !== undefined) requireAssumeRole(where, assumeRole)
  if (clientConfig !== undefined && (typeof clientConfig !== 'object' || clientConfig === null)) {
    throw optionInvalid(where, "clientConfig is an object of options of the SDK's client")
  }
  const ownEndpoint = (clientConfig as { readonly endpoint?: unknown } | undefined)?.endpoint
  // It is shown in messages like the other.
  if (typeof ownEndpoint === 'string') requireEndpoint(`${where}: clientConfig`, ownEndpoint)
  const arnRegion = arn?.split(':')[3]
  // Behind an endpoint the region only signs.
  if (region !== undefined && arnRegion !== undefined && region !== arnRegion && endpoint === undefined) {
    throw optionInvalid(where, `region is '${region}', but '${arn}' lies in '${arnRegion}': leave region out`)
  }
  const local = endpoint !== undefined && LOOPBACK.test(endpoint)
  const usedRegion = region ?? arnRegion ?? (local ? 'us-east-1' : undefined)
  const config = {
    ...(local && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
    ...(usedRegion !== undefined && { region: usedRegion }),
    ...(endpoint !== undefined && { endpoint }),
    ...clientConfig,
  }
  // Every client of the SDK has these three options.
  return { client: undefined, clientConfig: config as Partial<Config>, assumeRole }
}
