import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { TidemarkError } from '../../../core/errors.js'
import { type ListenProblem, listen } from '../listen.js'

export type HttpRequest = IncomingMessage | Http2ServerRequest
export type HttpResponse = ServerResponse | Http2ServerResponse

export interface HttpEndpoint {
  readonly port: number
  /** Ends open connections. */
  close(): Promise<void>
}

/** SDK clients keep connections for reuse; a server that hangs up first makes their next call fail now and then. */
const IDLE_MS = 120_000
/** Node's default of 64 KiB makes a PutRecords of 7 MB wait a hundred times. */
const HTTP2_WINDOW_BYTES = 1024 * 1024
const HTTP2_PREFACE = 'PRI '

/**
 * HTTP/1.1, and HTTP/2 without TLS, on one port: the AWS SDK's own choice for Kinesis is HTTP/2, also for http:// addresses. A
 * connection is told by its first bytes.
 *
 * @throws TidemarkError KINESIS_PORT_IN_USE, KINESIS_LISTEN_FAILED
 */
export async function openHttpEndpoint(
  host: string,
  port: number,
  handle: (request: HttpRequest, response: HttpResponse) => void,
): Promise<HttpEndpoint> {
  const http1 = createHttp1Server({ keepAliveTimeout: IDLE_MS }, handle)
  http1.timeout = IDLE_MS
  const http2 = createHttp2Server({ settings: { initialWindowSize: HTTP2_WINDOW_BYTES } }, handle)
  http2.setTimeout(IDLE_MS)
  http2.on('session', (session) => session.setLocalWindowSize(HTTP2_WINDOW_BYTES * 16))

  const sockets = new Set<Socket>()
  const tcp = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const onEarlyEnd = (): void => void socket.destroy()
    socket.on('error', onEarlyEnd)
    socket.setTimeout(IDLE_MS, onEarlyEnd)
    socket.once('data', (first) => {
      socket.off('error', onEarlyEnd).off('timeout', onEarlyEnd).pause()
      socket.unshift(first)
      const server = first.toString('latin1', 0, HTTP2_PREFACE.length) === HTTP2_PREFACE ? http2 : http1
      server.emit('connection', socket)
      // HTTP/1.1 gets the bytes put back by reading on; HTTP/2 has taken them, and the socket with them.
      if (server === http1) socket.resume()
    })
  })
  const bound = await listen(tcp, { host, port }, listenError)
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        tcp.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function listenError({ isInUse, message, cause }: ListenProblem): TidemarkError {
  return new TidemarkError({
    code: isInUse ? 'KINESIS_PORT_IN_USE' : 'KINESIS_LISTEN_FAILED',
    domain: 'user',
    message: `local Kinesis: ${message}`,
    cause,
  })
}
