import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listening } from '../../setup/listening.js'
import type { Row } from './fixture.js'

/**
 * - `refused`: 500, nothing was applied. `busy`: 429, the same.
 * - `replyLost`: applied, and the connection is cut. `silent`: applied, and no answer ever comes.
 * - `twice`: applied two times, as a proxy that repeats a request does it.
 * - `half`: every second row is applied, the others are to come again.
 */
export type ServiceFault = 'refused' | 'busy' | 'replyLost' | 'silent' | 'twice' | 'half'

export interface HttpService {
  readonly url: string
  /** As they were applied. */
  readonly applied: readonly Row[]
}

/** Takes arrays of rows and answers with a status for each. @param faultOf of each request, by number */
export async function startService(faultOf: (request: number) => ServiceFault | undefined): Promise<HttpService> {
  const applied: Row[] = []
  let requests = 0
  const server = createServer((request, response) => {
    const fault = faultOf(requests++)
    void bodyOf(request).then((body) => answer({ applied, fault, response, rows: JSON.parse(body) as Row[] }))
  })
  return { url: `${await listening(server)}/`, applied }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  // What was broken off is not applied.
  try {
    for await (const chunk of request.setEncoding('utf8')) body += chunk
  } catch {
    return '[]'
  }
  return body
}

interface Exchange {
  readonly applied: Row[]
  readonly fault: ServiceFault | undefined
  readonly response: ServerResponse
  readonly rows: readonly Row[]
}

function answer({ applied, fault, response, rows }: Exchange): void {
  if (fault === 'refused' || fault === 'busy') {
    response.writeHead(fault === 'busy' ? 429 : 500).end()
    return
  }
  const taken = fault === 'half' ? rows.filter((_, index) => index % 2 === 0) : rows
  applied.push(...taken)
  if (fault === 'twice') applied.push(...taken)
  if (fault === 'silent') return
  if (fault === 'replyLost') response.destroy()
  else response.end(JSON.stringify(rows.map((row) => (taken.includes(row) ? 200 : 503))))
}
