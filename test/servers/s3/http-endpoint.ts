import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { TidemarkError } from '../../../core/errors.js'
import { type ListenProblem, listen } from '../listen.js'

export interface HttpEndpoint {
  readonly port: number
  /** Ends open connections. */
  close(): Promise<void>
}

/** SDK clients keep connections for reuse; a server that hangs up first makes their next call fail now and then. */
const IDLE_MS = 120_000

/** @throws TidemarkError LOCAL_S3_PORT_IN_USE, LOCAL_S3_LISTEN_FAILED */
export async function openHttpEndpoint(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpEndpoint> {
  // The header sizes are those of 2 KB of metadata and long keys, percent-encoded, with a signature.
  const server = createServer({ keepAliveTimeout: IDLE_MS, noDelay: true, maxHeaderSize: 32 * 1024 }, handle)
  const bound = await listen(server, { host, port }, listenError)
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listenError({ isInUse, message, cause }: ListenProblem): TidemarkError {
  return new TidemarkError({
    code: isInUse ? 'LOCAL_S3_PORT_IN_USE' : 'LOCAL_S3_LISTEN_FAILED',
    domain: 'user',
    message: `local S3: ${message}`,
    cause,
  })
}
