import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TidemarkError } from '../../../core/errors.js'

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
  const bound = await listen(server, host, port)
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)))
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port)) // a TCP server has no other kind
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): TidemarkError {
  const where = `local S3: cannot listen on ${host}:${port}`
  return cause.code === 'EADDRINUSE'
    ? new TidemarkError({
        code: 'LOCAL_S3_PORT_IN_USE',
        domain: 'user',
        message: `${where}: the port is in use; stop what listens there or choose another port`,
        cause,
      })
    : new TidemarkError({
        code: 'LOCAL_S3_LISTEN_FAILED',
        domain: 'user',
        message: `${where}: ${cause.message}`,
        cause,
      })
}
