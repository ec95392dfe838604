import { type Context, Hono } from 'hono'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { isFinal } from '../coordinator/job-status.js'
import type { ObservedJob } from '../observe/observed-job.js'
import { prometheusMetrics } from '../observe/prometheus.js'
import { isJson, limitBody, readBody } from './bodies.js'
import { type StopView, savepointBody, stopBody } from './contract.js'
import { gate, withHeaders } from './gate.js'
import { viewOf } from './job-view.js'
import type { Operable, OperableResult } from './operable.js'
import type { ResolvedOperations } from './options.js'
import { refusalOf, refuse } from './refusal.js'
import { refusalOfLocation } from './savepoint-roots.js'

export interface RoutesOptions {
  readonly job: ObservedJob
  readonly handle: Operable
  readonly settings: ResolvedOperations
  readonly environment: Environment
  readonly logger: Logger
}

type Handler = (context: Context) => Response | Promise<Response>

export function routes(options: RoutesOptions): Hono {
  const { job, handle, settings, environment, logger } = options
  const readMetrics = prometheusMetrics(job, environment)
  const app = new Hono()
  app.use(withHeaders())
  app.use(gate(settings))
  const get = (path: string, handler: Handler): void => {
    app.get(path, handler)
    app.all(path, (context) => wrongMethod(context, 'GET, HEAD'))
  }
  const post = (path: string, handler: Handler): void => {
    app.post(path, requireJson, limitBody, handler)
    app.all(path, (context) => wrongMethod(context, 'POST'))
  }
  get('/healthz', (context) => context.json({ status: 'alive' }))
  get('/readyz', (context) => context.json({ status: handle.status }, handle.status === 'running' ? 200 : 503))
  get('/metrics', async (context) => {
    const { contentType, text } = await readMetrics()
    return context.body(text, 200, { 'content-type': contentType })
  })
  get('/api/v1/job', (context) => context.json(viewOf(job, handle.progress(), environment)))
  post('/api/v1/savepoints', savepoints(options))
  post('/api/v1/stop', stops(options))
  app.notFound((context) =>
    refuse(context, { status: 404, code: 'PATH_UNKNOWN', message: `there is nothing at ${context.req.path}` }),
  )
  app.onError((error, context) => {
    const refusal = refusalOf(error)
    if (refusal.status === 500) {
      logger.error('a request failed', { path: context.req.path, code: refusal.code, error: messageOf(error) })
    }
    return refuse(context, refusal)
  })
  return app
}

async function requireJson(context: Context, next: () => Promise<void>): Promise<Response | undefined> {
  if (!isJson(context)) {
    return refuse(context, {
      status: 415,
      code: 'BODY_TYPE_UNSUPPORTED',
      message: 'the header Content-Type: application/json is missing',
    })
  }
  await next()
  return undefined
}

function wrongMethod(context: Context, allowed: string): Response {
  context.header('allow', allowed)
  return refuse(context, {
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    message: `${context.req.path} takes ${allowed}, not ${context.req.method}`,
  })
}

function savepoints({ handle, settings, logger }: RoutesOptions): Handler {
  return async (context) => {
    const read = await readBody(context, savepointBody)
    if ('refusal' in read) return refuse(context, read.refusal)
    const { to } = read.body
    const refusal = to === undefined ? undefined : await refusalOfLocation(to, settings.savepointRoots)
    if (refusal) return refuse(context, refusal)
    logger.info('a savepoint was asked for', to === undefined ? {} : { to })
    const savepoint = await handle.savepoint(to === undefined ? {} : { to })
    return context.json(savepoint, 201)
  }
}

function stops({ handle, job, settings, logger }: RoutesOptions): Handler {
  let isAsked = false
  return async (context) => {
    const read = await readBody(context, stopBody)
    if ('refusal' in read) return refuse(context, read.refusal)
    const { drain, savepoint, wait } = read.body
    const refusal =
      typeof savepoint === 'string' ? await refusalOfLocation(savepoint, settings.savepointRoots) : undefined
    if (refusal) return refuse(context, refusal)
    if (isFinal(handle.status)) throw conflict('JOB_NOT_RUNNING', `'${job.name}' is ${handle.status}`)
    if (isAsked || handle.status === 'stopping') throw conflict('JOB_STOPPING', `'${job.name}' is stopping already`)
    isAsked = true
    const how = { drain: drain ?? false, ...(savepoint ? { savepoint } : {}) }
    logger.info('a stop was asked for', how)
    const ended = handle.stop(how)
    ended.catch((error: unknown) => {
      // A place that cannot take the savepoint leaves the job running: it may be asked again.
      isAsked = false
      logger.warn('a stop did not come about', { error: messageOf(error) })
    })
    if (wait) return context.json(answerOf(await ended), 200)
    return context.json({ status: 'stopping' } satisfies StopView, 202)
  }
}

function answerOf({ status, savepoint }: OperableResult): StopView {
  return { status, ...(savepoint ? { savepoint } : {}) }
}

function conflict(code: 'JOB_NOT_RUNNING' | 'JOB_STOPPING', message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message })
}
