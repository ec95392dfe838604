import { createServer, type ServerResponse } from 'node:http'
import { seededRandom } from '../../../core/random.js'
import { listening } from '../../setup/listening.js'

/** Records that the service refuses for good. */
export const isRefused = (n: number): boolean => n % 41 === 7
/** Records that it never answers for. */
export const isSilent = (n: number): boolean => n % 83 === 5
export const answerTo = (n: number): string => `answer ${n * 7}`

export interface Service {
  readonly url: string
  /** How often it was asked for each record. */
  readonly calls: ReadonlyMap<number, number>
  /** Requests that wait for an answer. */
  readonly held: number
  /** From now on it answers nothing; what waits then is answered by `speak`. */
  hush(): void
  speak(): void
}

/**
 * A real HTTP server, GET /n: slow for some, out of order, now and then busy, refusing some for good and never answering
 * others.
 */
export async function startService(seed: number): Promise<Service> {
  const random = seededRandom(seed)
  const calls = new Map<number, number>()
  const held = new Set<() => void>()
  let isHushed = false
  const answer = (n: number, reply: ServerResponse): void => {
    if (isRefused(n)) reply.writeHead(422).end('never')
    else if (random.next() < 0.1) reply.writeHead(503).end('busy')
    else setTimeout(() => reply.end(answerTo(n)), random.next() < 0.2 ? 30 : 0)
  }
  const server = createServer((request, reply) => {
    const n = Number(request.url?.slice(1))
    calls.set(n, (calls.get(n) ?? 0) + 1)
    if (isSilent(n)) return
    if (!isHushed) return answer(n, reply)
    const later = (): void => answer(n, reply)
    held.add(later)
    reply.on('close', () => held.delete(later))
  })
  // Of a process that was killed: nobody reads the answer.
  server.on('clientError', (_error, socket) => socket.destroy())
  return {
    url: await listening(server),
    calls,
    get held() {
      return held.size
    },
    hush() {
      isHushed = true
    },
    speak() {
      isHushed = false
      for (const later of [...held]) later()
      held.clear()
    },
  }
}
