import type { WriterContext } from '../../core/connector.js'
import { sleep } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import type { OpenClient } from './client.js'
import { type Place, requestRefused, unavailable } from './errors.js'
import { httpFailure } from './http-failure.js'
import type { IndexTemplate } from './options.js'
import { type Request, send } from './request.js'

export interface PreflightOptions {
  readonly context: WriterContext
  readonly opened: OpenClient
  readonly asksServer: boolean
  readonly templates: readonly IndexTemplate[]
  readonly callTimeoutMs: number
  readonly retryForMs: number
}

const DELAY_MS = 500

/**
 * Before the first document: that the server is there, lets the job in and is OpenSearch; and the index templates.
 * @throws TidemarkError OPENSEARCH_UNAVAILABLE, OPENSEARCH_ACCESS_DENIED, OPENSEARCH_VERSION, OPENSEARCH_TEMPLATE_REFUSED
 */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { context, opened, asksServer, templates } = options
  const place: Place = { operatorId: context.operatorId, nodes: opened.nodes }
  if (asksServer) requireOpenSearch(place, await ask(options, place, { method: 'GET', path: '/' }))
  for (const { name, body } of templates) {
    await ask(options, place, { method: 'PUT', path: `/_index_template/${encodeURIComponent(name)}`, body }, name)
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
