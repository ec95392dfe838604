import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const COUNTRIES = ['DK', 'ES', 'FR', 'PL']

export interface CustomerService {
  readonly url: string
  /** Requests so far, those that it refused among them. */
  readonly requests: () => number
  close(): Promise<void>
}

/** Where a customer lives: made up, and always the same. */
export function countryOf(customer: string): string {
  const letters = [...customer].reduce((total, letter) => total + letter.charCodeAt(0), 0)
  return COUNTRIES[letters % COUNTRIES.length]!
}

/** A customer service on this machine that refuses every tenth request, as services do on a bad day. */
export async function startCustomerService(): Promise<CustomerService> {
  let requests = 0
  const server = createServer((request, reply) => {
    requests++
    if (requests % 10 === 0) reply.statusCode = 503
    const customer = decodeURIComponent(request.url?.split('/').at(-1) ?? '')
    reply.setHeader('content-type', 'application/json')
    reply.end(JSON.stringify({ country: countryOf(customer) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // A TCP server's address is no string.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
