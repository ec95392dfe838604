import { stopRequest } from '../stop-request.js'
import { type LocalOpenSearchOptions, startLocalOpenSearch } from './server.js'

export interface DevOpenSearchOptions extends LocalOpenSearchOptions {
  /** Gets the line `ready URL`. Default: standard output. */
  readonly print?: (line: string) => void
  /** Ends the server as SIGINT and SIGTERM do. */
  readonly signal?: AbortSignal
}

/**
 * Runs a local OpenSearch until SIGINT or SIGTERM: what `tidemark dev opensearch` does. Resolves when the server is closed
 * and leaves ending the process to the caller; a second signal while it closes has its usual effect.
 *
 * @throws TidemarkError as `startLocalOpenSearch` does
 */
export async function runDevOpenSearch(options: DevOpenSearchOptions = {}): Promise<void> {
  const { print = writeLine, signal, ...serverOptions } = options
  const stopped = stopRequest(signal)
  try {
    const server = await startLocalOpenSearch(serverOptions)
    print(`ready ${server.url}`)
    await stopped.promise
    await server.close()
  } finally {
    stopped.dispose()
  }
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
