import type { WriterContext } from '../../core/connector.js'
import { sleep } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import { AUTO_CREATE_QUERY, autoCreateIn, makesIndex } from './auto-create.js'
import type { OpenClient } from './client.js'
import { indexMissing, type Place, pipelineMissing, requestRefused, unavailable } from './errors.js'
import { httpFailure } from './http-failure.js'
import type { IndexTemplate } from './options.js'
import { type Request, send } from './request.js'

export interface PreflightOptions {
  readonly context: WriterContext
  readonly opened: OpenClient
  readonly asksServer: boolean
  readonly templates: readonly IndexTemplate[]
  /** All documents go through it. */
  readonly pipeline: string | undefined
  /** Where all documents go to one. */
  readonly index: string | undefined
  readonly callTimeoutMs: number
  readonly retryForMs: number
}

const DELAY_MS = 500
/** OpenSearch's word for none, not even the index's own. */
const NO_PIPELINE = '_none'

/**
 * Before the first document: that the server is there, lets the job in and is OpenSearch, and has what documents need; and
 * the index templates.
 * @throws TidemarkError OPENSEARCH_UNAVAILABLE, OPENSEARCH_ACCESS_DENIED, OPENSEARCH_VERSION, OPENSEARCH_PIPELINE_MISSING,
 * OPENSEARCH_TEMPLATE_REFUSED, OPENSEARCH_INDEX_MISSING
 */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { context, opened, asksServer, templates, pipeline, index } = options
  const place: Place = { operatorId: context.operatorId, nodes: opened.nodes }
  if (asksServer) requireOpenSearch(place, await ask(options, place, { method: 'GET', path: '/' }))
  if (asksServer && pipeline !== undefined && pipeline !== NO_PIPELINE) await requirePipeline(options, place, pipeline)
  for (const { name, body } of templates) {
    await ask(options, place, { method: 'PUT', path: `/_index_template/${encodeURIComponent(name)}`, body }, name)
  }
  if (asksServer && index !== undefined) await requireIndex(options, place, index)
}

async function requirePipeline(options: PreflightOptions, place: Place, pipeline: string): Promise<void> {
  const path = `/_ingest/pipeline/${encodeURIComponent(pipeline)}`
  const permissions = 'cluster:admin/ingest/pipeline/get'
  const found = await askIfAllowed(options, { ...place, permissions }, { method: 'GET', path, mayBeMissing: true })
  // By its name: a name with `*` finds others.
  if (typeof found !== 'object' || found === null || Object.hasOwn(found, pipeline)) return
  throw pipelineMissing(place, pipeline, 'asked before the first document')
}

async function requireIndex(options: PreflightOptions, place: Place, index: string): Promise<void> {
  const mayLook = { ...place, permissions: `indices:admin/get on index ${index}` }
  const exists = await askIfAllowed(options, mayLook, { method: 'HEAD', path: `/${encodeURIComponent(index)}` })
  if (exists !== false) return
  const question: Request = { method: 'GET', path: '/_cluster/settings', querystring: AUTO_CREATE_QUERY }
  // OpenSearch takes the settings from the cluster's state.
  const maySee = { ...place, permissions: 'cluster:monitor/state' }
  const setting = autoCreateIn(await askIfAllowed(options, maySee, question))
  if (setting === undefined || makesIndex(setting, index)) return
  throw indexMissing(place, index, `action.auto_create_index is '${setting}'`)
}

/** Who may write need not be allowed to look: then the first document tells. Undefined: there is no answer. */
async function askIfAllowed(options: PreflightOptions, place: Place, request: Request): Promise<unknown> {
  try {
    return await ask(options, place, request)
  } catch (thrown) {
    if (!(thrown instanceof TidemarkError) || thrown.retryable) throw thrown
    const { logger } = options.context
    logger.warn(`sink '${place.operatorId}' goes on without knowing the answer to ${request.method} ${request.path}`, {
      problem: thrown.message,
    })
    return undefined
  }
}

async function ask(options: PreflightOptions, place: Place, request: Request, template?: string): Promise<unknown> {
  const { context, opened, callTimeoutMs, retryForMs } = options
  const { clock, timers } = context.environment
  const start = clock.monotonic()
  for (;;) {
    const controller = new AbortController()
    const abort = (): void => controller.abort(context.signal.reason)
    context.signal.addEventListener('abort', abort, { once: true })
    if (context.signal.aborted) abort()
    const cancel = timers.after(callTimeoutMs, () =>
      controller.abort(new DOMException(`no answer within ${callTimeoutMs} ms`, 'TimeoutError')),
    )
    try {
      return await send(opened.client, request, { signal: controller.signal, timeoutMs: callTimeoutMs })
    } catch (thrown) {
      context.signal.throwIfAborted()
      const failure = httpFailure(thrown, place, controller.signal)
      if (failure.kind === 'failed') throw failure.problem
      if (failure.kind === 'contents') {
        throw template === undefined
          ? requestRefused(place, failure.status, failure.said)
          : templateRefused(place, template, failure.said)
      }
      const triedForMs = clock.monotonic() - start
      if (failure.kind === 'retry' && triedForMs + DELAY_MS > retryForMs) throw unavailable(place, failure, triedForMs)
    } finally {
      cancel()
      context.signal.removeEventListener('abort', abort)
    }
    await sleep(context.environment, DELAY_MS, context.signal)
  }
}

interface Info {
  readonly version?: { readonly distribution?: unknown; readonly number?: unknown }
}

/** OpenSearch that hides as Elasticsearch 7.10 (`compatibility.override_main_response_version`) is taken at its word. */
function requireOpenSearch(place: Place, info: unknown): void {
  const { version } = (typeof info === 'object' && info !== null ? info : {}) as Info
  const number = typeof version?.number === 'string' ? version.number : undefined
  const major = Number(number?.split('.')[0])
  if (version?.distribution === 'opensearch' && major >= 1) return
  if (version?.distribution === undefined && major === 7) return
  const found =
    number === undefined
      ? 'something that does not say its version'
      : `${version?.distribution === undefined ? 'Elasticsearch' : String(version.distribution)} ${number}`
  throw new TidemarkError({
    code: 'OPENSEARCH_VERSION',
    domain: 'user',
    operatorId: place.operatorId,
    message:
      `sink '${place.operatorId}': expected OpenSearch 1 or later at ${place.nodes}, found ${found}; check the address, or ` +
      'set preflight: false (OpenSearch Serverless does not answer it)',
  })
}

function templateRefused(place: Place, name: string, said: string): TidemarkError {
  return new TidemarkError({
    code: 'OPENSEARCH_TEMPLATE_REFUSED',
    domain: 'user',
    operatorId: place.operatorId,
    message: `sink '${place.operatorId}': ${place.nodes} does not take index template '${name}': ${said}`,
  })
}
