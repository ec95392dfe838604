import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from '../../core/errors.js'
import type { KinesisSettings } from './options.js'

export type KinesisSdk = typeof import('@aws-sdk/client-kinesis')

/** The SDK and a client, and how to let go of them. */
export interface ClientLease {
  readonly sdk: KinesisSdk
  readonly client: KinesisClient
  /** For messages. */
  readonly endpoint: string
  release(): void
}

const INSTALL = 'npm i @aws-sdk/client-kinesis @smithy/node-http-handler'

/** One client for all readers of a source in this process, made by the first, destroyed by the last to let go. */
export class SharedClient {
  readonly #settings: Pick<KinesisSettings<unknown>, 'client' | 'clientConfig'>
  #open: Promise<Omit<ClientLease, 'release'>> | undefined
  #leases = 0

  constructor(settings: Pick<KinesisSettings<unknown>, 'client' | 'clientConfig'>) {
    this.#settings = settings
  }

  /** @throws TidemarkError DEPENDENCY_MISSING */
  async lease(): Promise<ClientLease> {
    this.#leases++
    this.#open ??= openClient(this.#settings)
    const opened = this.#open
    let isHeld = true
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      if (--this.#leases > 0) return
      this.#open = undefined
      // A user's client is the user's to destroy. Where opening failed there is nothing to destroy.
      if (!this.#settings.client) {
        opened.then(
          ({ client }) => client.destroy(),
          () => undefined,
        )
      }
    }
    try {
      return { ...(await opened), release }
    } catch (thrown) {
      release()
      throw thrown
    }
  }
}

async function openClient(
  settings: Pick<KinesisSettings<unknown>, 'client' | 'clientConfig'>,
): Promise<Omit<ClientLease, 'release'>> {
  const sdk = await load(() => import('@aws-sdk/client-kinesis'))
  if (settings.client) return { sdk, client: settings.client, endpoint: 'the given client' }
  const { clientConfig } = settings
  const { endpoint, region } = clientConfig
  const plain = typeof endpoint === 'string' && endpoint.startsWith('http://')
  // Over http:// the SDK's own choice would be HTTP/2 without TLS, which few servers speak.
  const handler =
    plain && clientConfig.requestHandler === undefined
      ? { requestHandler: new (await load(() => import('@smithy/node-http-handler'))).NodeHttpHandler() }
      : {}
  // Retries are made in one layer: here, on the job's own clock.
  const client = new sdk.KinesisClient({ maxAttempts: 1, ...handler, ...clientConfig })
  const shownRegion = typeof region === 'string' ? `AWS ${region}` : 'AWS'
  return { sdk, client, endpoint: typeof endpoint === 'string' ? endpoint : shownRegion }
}

async function load<M>(importModule: () => Promise<M>): Promise<M> {
  try {
    return await importModule()
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: `kinesis: the AWS SDK is not installed; run: ${INSTALL}`,
      cause: thrown,
    })
  }
}
