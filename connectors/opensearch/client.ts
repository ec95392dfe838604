import type { Client, ClientOptions } from '@opensearch-project/opensearch'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { signingCredentials } from '../aws/signing-credentials.js'
import type { AwsAuthentication, ConnectionSettings } from './connection.js'

export type Connection = ConnectionSettings<Client, ClientOptions>

export interface OpenClient {
  readonly client: Client
  /** For messages. */
  readonly nodes: string
  close(): Promise<void>
}

/**
 * The optional peer dependency, loaded when the first sink starts.
 * @throws TidemarkError DEPENDENCY_MISSING with the command that installs it
 */
async function load<M>(import_: () => Promise<M>): Promise<M> {
  try {
    return await import_()
  } catch (thrown) {
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message:
        `openSearch needs the package @opensearch-project/opensearch (${messageOf(thrown)}): ` +
        'npm i @opensearch-project/opensearch',
      cause: thrown,
    })
  }
}

/** @throws TidemarkError DEPENDENCY_MISSING */
export async function openClient(connection: Connection): Promise<OpenClient> {
  if (connection.client !== undefined) {
    return { client: connection.client, nodes: 'the given client', close: async () => undefined }
  }
  const { nodes, auth, aws, tls, clientConfig } = connection
  const { Client } = await load(() => import('@opensearch-project/opensearch'))
  const client = new Client({
    nodes: [...nodes],
    // Retries are made in one layer: by the sink, on the job's own clock.
    maxRetries: 0,
    ...(auth && { auth: { ...auth } }),
    ...(tls && { ssl: { ...tls } }),
    ...(aws && (await signer(aws))),
    ...clientConfig,
  })
  return { client, nodes: nodes.join(', '), close: () => client.close() }
}

async function signer(aws: AwsAuthentication): Promise<Pick<ClientOptions, 'Connection' | 'Transport'>> {
  const { AwsSigv4Signer } = await load(() => import('@opensearch-project/opensearch/aws-v3'))
  const credentials = await signingCredentials('openSearch', aws)
  const getCredentials: NonNullable<Parameters<typeof AwsSigv4Signer>[0]['getCredentials']> = async () => {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials()
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }), ...(expiration && { expiration }) }
  }
  const { Connection, Transport } = AwsSigv4Signer({ service: aws.service, region: aws.region, getCredentials })
  return { Connection, Transport }
}
