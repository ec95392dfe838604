import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { gunzipSync } from 'node:zlib'
import { type Environment, type Random, sleep } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { type ListenProblem, listen } from '../listen.js'
import { isAllowed, type OpenSearchAccess } from './access.js'
import type { BulkSettings } from './bulk.js'
import {
  createOpenSearchFaultPlan,
  type OpenSearchFault,
  type OpenSearchFaultHook,
  type OpenSearchFaultPlan,
  type OpenSearchFaultRule,
  type OpenSearchFaults,
} from './faults.js'
import { filtered } from './filter-path.js'
import type { Json } from './mapping.js'
import { execute, parseRequest, type Result } from './operations.js'
import { errorAnswer, ServerError } from './server-error.js'
import { IndexStore } from './store.js'

export interface LocalOpenSearchOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly environment?: Environment
  /** For faults with a rate. */
  readonly random?: Random
  readonly faults?: OpenSearchFaultHook | readonly OpenSearchFaultRule[]
  readonly access?: OpenSearchAccess
  /** Bodies that are larger are refused with 413. Default 100 MB, as OpenSearch. */
  readonly maxBodyBytes?: number
  /** That it says of itself. Default `2.19.1`. */
  readonly version?: string
  /** Key and certificate in PEM: the server then speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Indices of a server that was closed: this one goes on with them, as after a restart. */
  readonly after?: LocalOpenSearch
}

export interface LocalOpenSearch {
  readonly url: string
  readonly port: number
  readonly faults: OpenSearchFaults
  /** Requests so far, by operation. */
  requests(): Readonly<Record<string, number>>
  /** Ends open connections. What was written can go on in another one (`after`). */
  close(): Promise<void>
}

const STORES = new WeakMap<LocalOpenSearch, IndexStore>()
const IDLE_MS = 120_000

/**
 * Starts an OpenSearch in this process, for development and tests: `_bulk` with results by item, external versions, index
 * templates, mapping errors, search enough to look at what was written. Its answers are those of the real one, recorded.
 * What is written is found by `_search` and `_count` after a refresh, and by its id at once.
 *
 * @throws TidemarkError LOCAL_OPENSEARCH_PORT_IN_USE, LOCAL_OPENSEARCH_LISTEN_FAILED
 */
export async function startLocalOpenSearch(options: LocalOpenSearchOptions = {}): Promise<LocalOpenSearch> {
  const environment = options.environment ?? systemEnvironment()
  const { host = '127.0.0.1', tls } = options
  const closing = new AbortController()
  const store = (options.after && STORES.get(options.after)) ?? new IndexStore(() => environment.nonce())
  const service: Service = {
    environment,
    options,
    store,
    faults: createOpenSearchFaultPlan(options.random ?? environment.random, options.faults),
    closed: closing.signal,
    requests: {},
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => void respond(service, request, response)
  const settings = { keepAliveTimeout: IDLE_MS, noDelay: true }
  const http: Server = tls ? createTlsServer({ ...settings, ...tls }, handle) : createServer(settings, handle)
  const port = await listen(http, { host, port: options.port ?? 0 }, listenError)
  let closed: Promise<void> | undefined
  const server: LocalOpenSearch = {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    faults: service.faults,
    requests: () => ({ ...service.requests }),
    close() {
      closing.abort()
      closed ??= new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      })
      return closed
    },
  }
  STORES.set(server, store)
  return server
}

interface Service {
  readonly environment: Environment
  readonly options: LocalOpenSearchOptions
  readonly store: IndexStore
  readonly faults: OpenSearchFaultPlan
  readonly closed: AbortSignal
  readonly requests: Record<string, number>
}

async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request)
    const [, query = ''] = (request.url ?? '/').split('?')
    const answer = await answerOf(service, request, body)
    if (answer === 'reset') {
      request.socket.destroy()
    } else if (answer !== 'silence') {
      const paths = new URLSearchParams(query).get('filter_path')
      send(
        response,
        request.method,
        paths === null ? answer : { ...answer, body: filtered(answer.body, paths.split(',')) },
      )
    }
  } catch (thrown) {
    if (request.errored !== null || service.closed.aborted) return
    if (!(thrown instanceof ServerError)) return send(response, request.method, internalError(thrown))
    // What has no handler is answered by a text alone.
    const { status, body } = thrown
    send(response, request.method, {
      status,
      body: (body.type === '' ? { error: body.reason } : errorAnswer(thrown)) as Json,
    })
  }
}

async function answerOf(
  { environment, options, store, faults, closed, requests }: Service,
  request: IncomingMessage,
  body: Buffer,
): Promise<Result | 'reset' | 'silence'> {
  const { method = 'GET', url = '/', headers } = request
  if (options.access && !isAllowed(options.access, { method, url, headers, body })) {
    return { status: 401, body: 'Unauthorized' }
  }
  // Of what is larger OpenSearch closes the connection after the answer.
  if (body.length > (options.maxBodyBytes ?? 100 * 1024 * 1024)) return { status: 413, body: '' }
  const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString()
  const parsed = parseRequest(method, url, text)
  requests[parsed.operation] = (requests[parsed.operation] ?? 0) + 1
  const fault = faults.next({ operation: parsed.operation, index: parsed.name, bytes: body.length })
  if (fault?.kind === 'resetBefore') return 'reset'
  if (fault?.kind === 'slow' && fault.when !== 'after') await sleep(environment, fault.ms, closed)
  const refused = fault && answerOfFault(fault)
  if (refused) return refused
  const random = options.random ?? environment.random
  const settings: BulkSettings = {
    store,
    nonce: () => environment.nonce(),
    failsItem: fault?.kind === 'failedItems' ? () => failedItem(fault, random) : undefined,
  }
  const result = execute(settings, options.version ?? '2.19.1', parsed)
  if (fault?.kind === 'slow' && fault.when === 'after') await sleep(environment, fault.ms, closed)
  if (fault?.kind === 'replyLost') return 'reset'
  return fault?.kind === 'silence' ? 'silence' : result
}

function answerOfFault(fault: OpenSearchFault): Result | undefined {
  switch (fault.kind) {
    case 'throttle':
      return whole(429, 'rejected_execution_exception', REJECTED)
    case 'unavailable':
      return whole(503, 'cluster_manager_not_discovered_exception', 'no cluster manager')
    case 'error':
      return whole(fault.status, fault.type, fault.reason ?? fault.type)
    case 'tooLarge':
      return { status: 413, body: '' }
    case 'notJson':
      return { status: 200, body: '<html>be right back</html>' }
    default:
      return undefined
  }
}

const REJECTED = 'rejected execution of coordinating operation [coordinating_and_primary_bytes=1, max_bytes=1]'

function whole(status: number, type: string, reason: string): Result {
  return { status, body: errorAnswer(new ServerError(status, { type, reason })) as Json }
}

function failedItem(
  { rate = 1, status = 429 }: OpenSearchFault & { readonly kind: 'failedItems' },
  random: Random,
): ServerError | undefined {
  if (rate < 1 && random.next() >= rate) return undefined
  if (status === 429) return new ServerError(429, { type: 'rejected_execution_exception', reason: REJECTED })
  return new ServerError(status, { type: 'unavailable_shards_exception', reason: 'primary shard is not active' })
}

function internalError(thrown: unknown): Result {
  return whole(500, 'illegal_state_exception', thrown instanceof Error ? thrown.message : String(thrown))
}

/** Of HEAD the head alone. A body that is a text is sent as such. */
function send(response: ServerResponse, method: string | undefined, { status, body }: Result): void {
  const isText = typeof body === 'string'
  const bytes = Buffer.from(isText ? body : JSON.stringify(body))
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=UTF-8' : 'application/json; charset=UTF-8',
    'content-length': bytes.length,
  })
  response.end(method === 'HEAD' ? undefined : bytes)
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

function listenError({ isInUse, message, cause }: ListenProblem): TidemarkError {
  return new TidemarkError({
    code: isInUse ? 'LOCAL_OPENSEARCH_PORT_IN_USE' : 'LOCAL_OPENSEARCH_LISTEN_FAILED',
    domain: 'user',
    message: `local OpenSearch: ${message}`,
    cause,
  })
}
