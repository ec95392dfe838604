import { clientConfigOf, type HttpVersion, shownEndpoint } from './client-config.js'
import { loadPeer } from './load.js'
import type { AwsSettings } from './options.js'

/** The SDK and a client, and how to let go of them. */
export interface AwsLease<Sdk, Client> {
  readonly sdk: Sdk
  readonly client: Client
  /** For messages. */
  readonly endpoint: string
  release(): void
}

/** One service of AWS: how its SDK is loaded, and a client of it made. */
export interface AwsService<Sdk, Client, Config> {
  /** For messages. */
  readonly where: string
  /** Default: HTTP/1.1 over http://, else what the SDK chooses for the service. */
  readonly httpVersion?: HttpVersion
  /** What `npm i` is given. */
  readonly packages: string
  readonly load: () => Promise<Sdk>
  readonly connect: (sdk: Sdk, config: Config) => Client
}

/** One client for all that share a connector in this process, made by the first, destroyed by the last to let go. */
export class SharedAwsClient<Sdk, Client extends { destroy(): void }, Config extends object> {
  readonly #service: AwsService<Sdk, Client, Config>
  readonly #settings: AwsSettings<Client, Config>
  #open: Promise<Omit<AwsLease<Sdk, Client>, 'release'>> | undefined
  #leases = 0

  constructor(service: AwsService<Sdk, Client, Config>, settings: AwsSettings<Client, Config>) {
    this.#service = service
    this.#settings = settings
  }

  /** @throws TidemarkError DEPENDENCY_MISSING */
  async lease(): Promise<AwsLease<Sdk, Client>> {
    this.#leases++
    this.#open ??= this.#connect()
    const opened = this.#open
    let isHeld = true
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      if (--this.#leases > 0) return
      this.#open = undefined
      // A user's client is the user's to destroy. Where opening failed there is nothing to destroy.
      if (this.#settings.client) return
      opened.then(
        ({ client }) => client.destroy(),
        () => undefined,
      )
    }
    try {
      return { ...(await opened), release }
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  async #connect(): Promise<Omit<AwsLease<Sdk, Client>, 'release'>> {
    const { connect } = this.#service
    const sdk = await loadPeer(this.#service)
    const endpoint = shownEndpoint(this.#settings)
    if (this.#settings.client) return { sdk, client: this.#settings.client, endpoint }
    return { sdk, client: connect(sdk, await clientConfigOf(this.#service, this.#settings)), endpoint }
  }
}
