import type { Client } from '@opensearch-project/opensearch'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST'
  readonly path: string
  readonly querystring?: Readonly<Record<string, string>>
  /** One JSON document. */
  readonly body?: object
  /** Lines of JSON. */
  readonly lines?: string
  /** 404 is an answer as well. Of HEAD it always is: `false`. */
  readonly mayBeMissing?: boolean
}

export interface RequestOptions {
  readonly signal: AbortSignal
  /** Of the real clock: the last resort where the job's stands still. */
  readonly timeoutMs: number
}

/**
 * One request without retries. When the signal aborts it rejects at once, whatever the client does with its connection.
 * @throws what the client throws; the signal's reason
 */
export function send(client: Client, request: Request, { signal, timeoutMs }: RequestOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const { method, path, querystring, body, lines, mayBeMissing = false } = request
    const under = client.transport.request(
      {
        method,
        path,
        ...(querystring && { querystring: { ...querystring } }),
        ...(body && { body: { ...body } }),
        ...(lines !== undefined && { bulkBody: lines }),
      },
      { maxRetries: 0, requestTimeout: timeoutMs, ...(mayBeMissing && { ignore: [404] }) },
    )
    const onAbort = (): void => {
      under.abort()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    under.then(
      (answer) => {
        signal.removeEventListener('abort', onAbort)
        resolve(answer.body)
      },
      (thrown: unknown) => {
        signal.removeEventListener('abort', onAbort)
        reject(thrown)
      },
    )
  })
}
