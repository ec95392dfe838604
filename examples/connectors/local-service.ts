import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ServiceRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

export interface ServiceAnswer {
  /** Default 200. */
  readonly status?: number
  readonly json?: unknown
}

/** `busy`: 503, `refused`: 403, nothing was done. `replyLost`: it was done, and nobody hears of it. */
export type ServiceFault = 'busy' | 'refused' | 'replyLost'

export interface LocalService {
  readonly url: string
  /** Asked for each request. */
  fault: (request: ServiceRequest) => ServiceFault | undefined
  close(): Promise<void>
}

/** A service on this machine that can fail, for examples and their tests. */
export async function answers(
  server: Server,
  answer: (request: ServiceRequest) => ServiceAnswer,
): Promise<LocalService> {
  let fault: LocalService['fault'] = () => undefined
  server.on('request', async (incoming, response) => {
    const request = await requestOf(incoming)
    const failing = fault(request)
    if (failing === 'busy') return void response.writeHead(503).end()
    if (failing === 'refused') return void response.writeHead(403).end()
    const { status = 200, json } = answer(request)
    if (failing === 'replyLost') return void incoming.socket.destroy()
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(json === undefined ? '' : JSON.stringify(json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Of a server that listens on a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    get fault() {
      return fault
    },
    set fault(chosen) {
      fault = chosen
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function requestOf(incoming: IncomingMessage): Promise<ServiceRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://service')
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}
