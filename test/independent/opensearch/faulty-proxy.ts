import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Random } from '../../../core/environment.js'

export interface ProxyOptions {
  readonly random: Random
  /** Of the bulk calls: how many are answered 429 and never get to the node, and how many get there and are never answered. */
  readonly throttled: number
  readonly replyLost: number
}

export interface FaultyProxy {
  readonly url: string
  readonly injected: { throttled: number; repliesLost: number; cutOff: number }
  close(): Promise<void>
}

/** Stands in front of a node and treats its clients badly. */
export async function startFaultyProxy(node: string, options: ProxyOptions): Promise<FaultyProxy> {
  const injected = { throttled: 0, repliesLost: 0, cutOff: 0 }
  const server = createServer((incoming, outgoing) => {
    const chance = incoming.url?.startsWith('/_bulk') ? options.random.next() : 1
    if (chance < options.throttled) {
      injected.throttled++
      incoming.resume().once('end', () => outgoing.writeHead(429, { 'content-type': 'application/json' }).end(TOO_MANY))
      return
    }
    const isLost = chance < options.throttled + options.replyLost
    const { method, headers, url } = incoming
    const forwarded = request(`${node}${url}`, { method, headers, agent: false }, (answer) => {
      if (!isLost) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        return
      }
      injected.repliesLost++
      answer.resume().once('end', () => outgoing.destroy())
    })
    // The node is down, or goes down in the middle.
    forwarded.once('error', () => {
      injected.cutOff++
      outgoing.destroy()
    })
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    injected,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const TOO_MANY = JSON.stringify({
  error: { type: 'rejected_execution_exception', reason: 'too many at once' },
  status: 429,
})
