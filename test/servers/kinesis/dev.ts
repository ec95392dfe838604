import { stopRequest } from '../stop-request.js'
import type { LocalKinesisOptions } from './options.js'
import { startLocalKinesis } from './server.js'

export interface DevKinesisOptions extends LocalKinesisOptions {
  /** Gets the line `ready URL`. Default: standard output. */
  readonly print?: (line: string) => void
  /** Is told at the end when `retentionBytes` made records go. Default: standard error. */
  readonly warn?: (line: string) => void
  /** Ends the server as SIGINT and SIGTERM do. */
  readonly signal?: AbortSignal
}

/**
 * Runs a local Kinesis until SIGINT or SIGTERM: what `tidemark dev kinesis` does. Resolves when the server is closed and leaves
 * ending the process to the caller; a second signal while it closes has its usual effect.
 *
 * @throws TidemarkError as `startLocalKinesis` does
 */
export async function runDevKinesis(options: DevKinesisOptions = {}): Promise<void> {
  const { print = writeLine(process.stdout), warn = writeLine(process.stderr), signal, ...serverOptions } = options
  const stopped = stopRequest(signal)
  try {
    const server = await startLocalKinesis(serverOptions)
    print(`ready ${server.url}`)
    await stopped.promise
    const { trimmedBySize } = server.stats()
    if (trimmedBySize > 0) warn(`local Kinesis: ${trimmedBySize} records were dropped to stay within retentionBytes`)
    await server.close()
  } finally {
    stopped.dispose()
  }
}

function writeLine(to: NodeJS.WriteStream): (line: string) => void {
  return (line) => void to.write(`${line}\n`)
}
