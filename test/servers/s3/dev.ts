import { stopRequest } from '../stop-request.js'
import type { LocalS3Options } from './options.js'
import { startLocalS3 } from './server.js'

export interface DevS3Options extends LocalS3Options {
  /** Gets the line `ready URL`. Default: standard output. */
  readonly print?: (line: string) => void
  /** Ends the server as SIGINT and SIGTERM do. */
  readonly signal?: AbortSignal
}

/**
 * Runs a local S3 until SIGINT or SIGTERM: what `tidemark dev s3` does. Resolves when the server is closed and leaves ending the
 * process to the caller; a second signal while it closes has its usual effect.
 *
 * @throws TidemarkError as `startLocalS3` does
 */
export async function runDevS3(options: DevS3Options = {}): Promise<void> {
  const { print = writeLine, signal, ...serverOptions } = options
  const stopped = stopRequest(signal)
  try {
    const server = await startLocalS3(serverOptions)
    print(`ready ${server.endpoint}`)
    await stopped.promise
    await server.close()
  } finally {
    stopped.dispose()
  }
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
