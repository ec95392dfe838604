import { messageOf } from '../../core/errors.js'
import type { CallAnswer } from '../batching/call.js'
import { accessDenied, type Place, requestRefused, type ServerError, saidOf } from './errors.js'

/** What is looked at of an answer with an error status. */
interface ResponseFailure {
  readonly statusCode?: unknown
  readonly body?: unknown
}

/** 413 and 400 are about what the request holds: they are for the caller to tell. */
export interface RefusedContents {
  readonly kind: 'contents'
  readonly status: 400 | 413
  readonly said: string
}

/** What a call that threw comes to. A time-out says nothing about what was applied. */
export function httpFailure(thrown: unknown, place: Place, signal: AbortSignal): CallAnswer | RefusedContents {
  if (signal.aborted) {
    return { kind: 'retry', said: messageOf(signal.reason), isThrottled: false, cause: signal.reason }
  }
  const { statusCode, body } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as ResponseFailure
  // Anything without a status is the network, or an answer that is no JSON.
  if (typeof statusCode !== 'number') {
    return { kind: 'retry', said: saidOf(messageOf(thrown)), isThrottled: false, cause: thrown }
  }
  const said = saidOf(errorIn(body) ?? messageOf(thrown))
  switch (statusCode) {
    case 400:
    case 413:
      return { kind: 'contents', status: statusCode, said }
    case 401:
    case 403:
      return { kind: 'failed', problem: accessDenied(place, statusCode, said) }
    case 429:
      return { kind: 'retry', said: `429: ${said}`, isThrottled: true, cause: thrown }
    default:
      if (statusCode >= 500 || statusCode === 408) {
        return { kind: 'retry', said: `${statusCode}: ${said}`, isThrottled: false, cause: thrown }
      }
      return { kind: 'failed', problem: requestRefused(place, statusCode, said) }
  }
}

function errorIn(body: unknown): ServerError | string | undefined {
  if (typeof body === 'string') return body === '' ? undefined : body
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  // As OpenSearch answers; saidOf takes what is missing.
  return body.error as ServerError | string
}
