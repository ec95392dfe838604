import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Logger } from '../../../core/context.js'
import { TidemarkError } from '../../../core/errors.js'
import type { JobStatus } from '../../../runtime/coordinator/job-status.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import type { JobProgress } from '../../../runtime/local/progress.js'
import type { ObservedJob } from '../../../runtime/observe/observed-job.js'
import type { Operable, OperableResult, OperableStop } from '../../../runtime/operations/operable.js'
import type { OperationsOptions } from '../../../runtime/operations/options.js'
import { type OperationsServer, serveOperations } from '../../../runtime/operations/server.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Undefined: not JSON. */
  readonly json: unknown
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export const JSON_TYPE = { 'content-type': 'application/json' }

/** Over `node:http`: fetch sets Host and Origin itself. */
export function ask(url: string, path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

export const post = (url: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(url, path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A job made by hand: what it was asked, and how it answers, is the test's. */
export class Job implements Operable {
  status: JobStatus = 'running'
  readonly asked: unknown[] = []
  location = '/state/taxi'
  private end: (result: OperableResult) => void = () => {}
  readonly ended = new Promise<OperableResult>((resolve) => {
    this.end = resolve
  })

  progress(): JobProgress {
    return {
      status: this.status,
      generation: 2,
      recordsRead: 5,
      watermark: Date.UTC(2020, 0, 1),
      checkpoints: { completed: 3, failed: 1, last: { id: 4, bytes: 100, durationMs: 7, completedAt: 1 } },
      operators: [
        {
          id: 'in',
          label: 'source',
          details: undefined,
          parallelism: 2,
          recordsIn: 5,
          recordsOut: 4,
          watermark: undefined,
          counters: { malformedRecords: 1 },
        },
      ],
      longestTurnMs: 3,
    }
  }

  savepoint(options: { readonly to?: string } = {}) {
    this.asked.push(options)
    if (this.status !== 'running') {
      const message = `a savepoint needs a running job; it is ${this.status}`
      return Promise.reject(new TidemarkError({ code: 'JOB_NOT_RUNNING', domain: 'user', message }))
    }
    return Promise.resolve({ location: options.to ?? '/state/taxi/savepoints/1', id: 1, bytes: 1000, durationMs: 12 })
  }

  stop(options: OperableStop = {}): Promise<OperableResult> {
    this.asked.push(options)
    this.status = 'stopping'
    return this.ended
  }

  finish(result: OperableResult): void {
    this.status = result.status
    this.end(result)
  }
}

export async function serve(
  job: Job,
  options: OperationsOptions = { port: 0 },
  logged: string[] = [],
): Promise<OperationsServer> {
  const note = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
  }
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  return serveOperations({
    options,
    handle: job,
    job: observe(job),
    environment: systemEnvironment(),
    logger,
  })
}

function observe(job: Job): ObservedJob {
  return {
    name: 'taxi',
    fingerprint: 'abc',
    location: job.location,
    get status() {
      return job.status
    },
    generation: 2,
    restarts: 1,
    maxParallelism: 128,
    failure: new TidemarkError({ code: 'STORAGE_FAILED', domain: 'storage', message: 's3://me:secret@bucket failed' }),
    checkpoints: job.progress().checkpoints,
    turns: { count: 10, totalMs: 50, longestMs: 9 },
    operators: () => [],
    tasks: () => [],
  }
}
