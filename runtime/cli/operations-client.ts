import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { z } from 'zod'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { errorView } from '../operations/contract.js'
import { DEFAULT_OPERATIONS_PORT } from '../operations/options.js'

export const TOKEN_VARIABLE = 'TIDEMARK_OPERATIONS_TOKEN'
export const URL_VARIABLE = 'TIDEMARK_OPERATIONS_URL'

export interface Connection {
  /** Default: TIDEMARK_OPERATIONS_URL, or the default port on loopback. */
  readonly url: string | undefined
  /** A file that holds the token. Default: TIDEMARK_OPERATIONS_TOKEN. */
  readonly tokenFile: string | undefined
}

export interface Call<T> {
  readonly path: string
  /** Makes it a POST. */
  readonly body?: unknown
  readonly answer: z.ZodType<T>
}

/** A job that does not answer a question within this is not well; a savepoint may take as long as it takes. */
const QUESTION_TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** @throws TidemarkError OPERATIONS_UNREACHABLE, OPERATIONS_REFUSED, OPERATIONS_ANSWER_INVALID, OPTION_INVALID */
export async function callOperations<T>(connection: Connection, call: Call<T>): Promise<T> {
  const base = baseOf(connection.url ?? process.env[URL_VARIABLE] ?? `http://127.0.0.1:${DEFAULT_OPERATIONS_PORT}`)
  const { status, text } = await exchange(new URL(call.path, base), call.body, await tokenOf(connection.tokenFile))
  const content = parsed(text)
  const refusal = errorView.safeParse(content)
  if (refusal.success && status >= 400) {
    const { code, message } = refusal.data.error
    throw new TidemarkError({
      code: 'OPERATIONS_REFUSED',
      domain: 'user',
      message: `${base.origin} answered ${status} ${code}: ${message}`,
    })
  }
  const answer = call.answer.safeParse(content)
  if (status < 300 && answer.success) return answer.data
  throw new TidemarkError({
    code: 'OPERATIONS_ANSWER_INVALID',
    domain: 'user',
    message: `what answers at ${base.origin} is no job of Tidemark (HTTP ${status}): see the URL that 'tidemark run' printed`,
  })
}

/** The token from a file or the environment; it never stands on a command line, where every user can read it. */
export async function tokenOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return process.env[TOKEN_VARIABLE] || undefined
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: `the token file ${file} cannot be read: ${messageOf(error)}`,
      cause: error,
    })
  }
}

function baseOf(text: string): URL {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`
  if (URL.canParse(url)) return new URL(url)
  throw new TidemarkError({
    code: 'OPTION_INVALID',
    domain: 'user',
    message: `'${text}' is no URL such as http://127.0.0.1:${DEFAULT_OPERATIONS_PORT}`,
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Not `fetch`: that one gives up on an answer after five minutes. */
function exchange(
  url: URL,
  body: unknown,
  token: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { readonly code?: string }): void =>
      reject(
        new TidemarkError({
          code: 'OPERATIONS_UNREACHABLE',
          domain: 'user',
          message: `no job answers at ${url.origin} (${error.code ?? messageOf(error)}): see the URL that 'tidemark run' printed`,
          cause: error,
        }),
      )
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(url, {
      method: body === undefined ? 'GET' : 'POST',
      agent: false,
      ...(body === undefined ? { timeout: QUESTION_TIMEOUT_MS } : {}),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    request.on('timeout', () => {
      const code = `no answer within ${QUESTION_TIMEOUT_MS / 1000} s`
      request.destroy(Object.assign(new RangeError(code), { code }))
    })
    request.on('error', fail)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) request.destroy()
        else chunks.push(chunk)
      })
      response.on('error', fail)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
