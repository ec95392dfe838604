import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { type OperationsOptions, type ResolvedOperations, resolveOperations } from './options.js'
import { type RoutesOptions, routes } from './routes.js'

export interface OperationsServer {
  /** Where it listens, for people and `tidemark status`. */
  readonly url: string
  /** Answers what was asked, then listens no more. */
  close(): Promise<void>
}

export interface ServeOptions extends Omit<RoutesOptions, 'settings'> {
  readonly options: OperationsOptions
}

const HEADERS_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 30_000
const IDLE_TIMEOUT_MS = 5_000
const MOST_CONNECTIONS = 64
/** For answers that are on their way when the job has ended. */
const CLOSE_GRACE_MS = 1_000

/**
 * Serves one job while it runs.
 *
 * @throws TidemarkError OPTION_INVALID, OPERATIONS_PORT_IN_USE, OPERATIONS_NOT_LISTENING
 */
export async function serveOperations({ options, ...job }: ServeOptions): Promise<OperationsServer> {
  const resolved = resolveOperations(options)
  const settings = { ...resolved, savepointRoots: [...resolved.savepointRoots, ...rootOf(job.job.location)] }
  const app = routes({ ...job, settings })
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    // The globals of the user's process are left as they are.
    getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler: malformed }),
  )
  server.maxConnections = MOST_CONNECTIONS
  const port = await listenSomewhere(server, settings, options.port === undefined)
  // The job keeps the process alive, or nothing does.
  server.unref()
  if (resolved.isRemote && resolved.token === undefined) {
    job.logger.warn('whoever reaches the operations server may stop the job: it asks for no token', { port })
  }
  return {
    url: `http://${urlHost(settings.host)}:${port}`,
    close: () => close(server, (callback) => job.environment.timers.after(CLOSE_GRACE_MS, callback)),
  }
}

/** What is no request of HTTP, such as one for a host that cannot be one. */
function malformed(): Response {
  const error = { code: 'REQUEST_MALFORMED', message: 'the request has no valid host or path' }
  return Response.json({ error }, { status: 400 })
}

/** A port that nobody asked for may be another one. */
async function listenSomewhere(server: Server, settings: ResolvedOperations, isDefault: boolean): Promise<number> {
  try {
    return await listen(server, settings)
  } catch (error) {
    if (!isDefault || !(error instanceof TidemarkError) || error.code !== 'OPERATIONS_PORT_IN_USE') throw error
    return listen(server, { ...settings, port: 0 })
  }
}

function listen(server: Server, { host, port }: ResolvedOperations): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error & { readonly code?: string }): void => reject(notListening(error, host, port))
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function notListening(error: Error & { readonly code?: string }, host: string, port: number): TidemarkError {
  if (error.code === 'EADDRINUSE') {
    return new TidemarkError({
      code: 'OPERATIONS_PORT_IN_USE',
      domain: 'user',
      message: `port ${port} of ${host} is in use: choose another for the operations server (--operations-port N), or none (--no-operations)`,
      cause: error,
    })
  }
  return new TidemarkError({
    code: 'OPERATIONS_NOT_LISTENING',
    domain: 'user',
    message: `the operations server cannot listen at ${host}, port ${port}: ${messageOf(error)}`,
    cause: error,
  })
}

function close(server: Server, later: (callback: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = later(() => server.closeAllConnections())
    server.close(() => {
      cancel()
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** Checkpoints in memory have no place where a savepoint could lie beside them. */
function rootOf(location: string): readonly string[] {
  return location.includes('/') ? [location] : []
}

function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
