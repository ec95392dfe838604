import type { AssumeRole } from '../../core/assume-role.js'
import { loadPeer } from './load.js'
import type { AwsSettings } from './options.js'

/** `2`: the SDK's own choice where it has one. */
export type HttpVersion = '1.1' | '2'

/** What is looked at of any client's configuration. */
export interface CommonConfig {
  readonly endpoint?: unknown
  readonly region?: unknown
  readonly requestHandler?: unknown
  readonly credentials?: unknown
}

/**
 * The configuration of a client as the SDK takes it.
 * @throws TidemarkError DEPENDENCY_MISSING
 */
export async function clientConfigOf<Config extends object>(
  { where, httpVersion }: { readonly where: string; readonly httpVersion?: HttpVersion },
  settings: AwsSettings<unknown, Config>,
): Promise<Config> {
  const given: CommonConfig = settings.clientConfig
  const isPlain = typeof given.endpoint === 'string' && given.endpoint.startsWith('http://')
  const config = {
    // Retries are made in one layer: by the connector, on the job's own clock.
    maxAttempts: 1,
    // Over http:// the SDK's own choice may be HTTP/2 without TLS, which few servers speak.
    ...((httpVersion ?? (isPlain ? '1.1' : '2')) === '1.1' &&
      given.requestHandler === undefined && { requestHandler: await http1Handler(where) }),
    ...given,
    ...(settings.assumeRole && { credentials: await roleCredentials(where, settings.assumeRole, given) }),
  }
  // The settings' own part is of this type; what is added every client has.
  return config as unknown as Config
}

/** For messages. */
export function shownEndpoint(settings: AwsSettings<unknown, object>): string {
  if (settings.client !== undefined) return 'the given client'
  const { endpoint, region }: CommonConfig = settings.clientConfig
  if (typeof endpoint === 'string') return endpoint
  return typeof region === 'string' ? `AWS ${region}` : 'AWS'
}

async function http1Handler(where: string): Promise<unknown> {
  const { NodeHttpHandler } = await loadPeer({
    where,
    packages: '@smithy/node-http-handler',
    load: () => import('@smithy/node-http-handler'),
  })
  // A subscription holds its connection for minutes; the SDK's 50 would keep other calls waiting.
  const agent = { maxSockets: Number.POSITIVE_INFINITY }
  return new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent })
}

/** The credentials that take on the role are those given, else those that the SDK finds. */
export async function roleCredentials(where: string, role: AssumeRole, given: CommonConfig): Promise<unknown> {
  const { fromTemporaryCredentials } = await loadPeer({
    where: `${where}: assumeRole`,
    packages: '@aws-sdk/credential-providers',
    load: () => import('@aws-sdk/credential-providers'),
  })
  const { roleArn, externalId, sessionName = 'tidemark', durationSeconds, endpoint } = role
  type Options = Parameters<typeof fromTemporaryCredentials>[0]
  return fromTemporaryCredentials({
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(externalId !== undefined && { ExternalId: externalId }),
      ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
    },
    ...(given.credentials !== undefined && {
      masterCredentials: given.credentials as NonNullable<Options['masterCredentials']>,
    }),
    clientConfig: {
      ...(typeof given.region === 'string' && { region: given.region }),
      ...(endpoint !== undefined && { endpoint }),
    },
  })
}
