import type { WriterContext } from '../../core/connector.js'
import { type Connection, type OpenClient, openClient } from './client.js'
import type { OpenSearchSettings } from './options.js'
import { preflight } from './preflight.js'

export interface ClientLease extends Pick<OpenClient, 'client' | 'nodes'> {
  release(): Promise<void>
}

/** One client for all subtasks of a sink in this process: opened and checked by the first, closed by the last. */
export class SharedClient {
  readonly #connection: Connection
  #opened: Promise<OpenClient> | undefined
  #leases = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async lease(context: WriterContext, settings: OpenSearchSettings<never>): Promise<ClientLease> {
    this.#leases++
    this.#opened ??= this.#open(context, settings)
    const opening = this.#opened
    let isHeld = true
    const release = async (): Promise<void> => {
      if (!isHeld) return
      isHeld = false
      if (--this.#leases > 0) return
      this.#opened = undefined
      const opened = await opening.catch(() => undefined)
      await opened?.close()
    }
    try {
      const { client, nodes } = await opening
      return { client, nodes, release }
    } catch (thrown) {
      await release()
      throw thrown
    }
  }

  async #open(context: WriterContext, settings: OpenSearchSettings<never>): Promise<OpenClient> {
    const opened = await openClient(this.#connection)
    const { templates, numbers, pipeline } = settings
    // OpenSearch Serverless has no root to ask.
    const isServerless = this.#connection.client === undefined && this.#connection.aws?.service === 'aoss'
    try {
      await preflight({
        ...{ context, opened, templates, pipeline, index: onlyIndexOf(settings) },
        asksServer: settings.preflight && !isServerless,
        callTimeoutMs: numbers.callTimeoutMs,
        retryForMs: Math.min(numbers.retryForMs, PREFLIGHT_FOR_MS),
      })
    } catch (thrown) {
      await opened.close()
      throw thrown
    }
    return opened
  }
}

/** A start says soon what is missing. */
const PREFLIGHT_FOR_MS = 10_000

/** Undefined: documents go to several, or are only deleted, which needs no index. */
function onlyIndexOf({ index, operation }: OpenSearchSettings<never>): string | undefined {
  return typeof index === 'function' || index.usesTime || operation === 'delete' ? undefined : index.of(0)
}
