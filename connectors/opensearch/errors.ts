import { messageOf, TidemarkError } from '../../core/errors.js'
import type { PassingFailure } from '../batching/call.js'

/** Where something went wrong, for messages. */
export interface Place {
  readonly operatorId: string
  /** Without credentials. */
  readonly nodes: string
  /** That what is asked needs, in OpenSearch's words. Default: those of the whole sink. */
  readonly permissions?: string
}

const PERMISSIONS =
  'cluster:monitor/main (else preflight: false), indices:data/write/* and indices:admin/create on the index, and ' +
  'indices:admin/index_template/put where there are templates'

/** What OpenSearch says of an error: `{ type, reason, caused_by }`, or a text alone. */
export interface ServerError {
  readonly type?: string
  readonly reason?: string | null
  readonly caused_by?: ServerError
}

/** One line: the reason, and the one at the bottom of it. */
export function saidOf(error: ServerError | string | undefined): string {
  if (typeof error === 'string') return clean(error)
  if (error === undefined || error === null) return 'no reason given'
  let deepest = error
  while (deepest.caused_by !== undefined) deepest = deepest.caused_by
  const head = `${error.type ?? 'error'}: ${error.reason ?? 'no reason given'}`
  return clean(deepest === error ? head : `${head}: ${deepest.reason ?? deepest.type ?? ''}`)
}

function clean(text: string): string {
  return messageOf(text).replace(/[.;:\s]+$/, '')
}

/** A document that can never be taken. */
export function documentRejected(
  place: Place,
  document: { readonly index: string; readonly id: string },
  said: string,
) {
  return new TidemarkError({
    code: 'OPENSEARCH_DOCUMENT_REJECTED',
    domain: 'user',
    operatorId: place.operatorId,
    location: `document ${document.id} of index ${document.index}`,
    message:
      `sink '${place.operatorId}': index ${document.index} does not take document '${document.id}' (${said}); mend the ` +
      'document or the mapping, or set onRejected',
  })
}

export function accessDenied(place: Place, status: number, said: string): TidemarkError {
  const { permissions = PERMISSIONS } = place
  return new TidemarkError({
    code: 'OPENSEARCH_ACCESS_DENIED',
    domain: 'connector',
    operatorId: place.operatorId,
    message:
      status === 401
        ? `sink '${place.operatorId}': ${place.nodes} does not know who calls (401: ${said}); give auth or aws, and check ` +
          'the credentials'
        : `sink '${place.operatorId}': ${place.nodes} does not allow it (403: ${said}); the user needs ${permissions}`,
  })
}

export function requestRefused(place: Place, status: number, said: string): TidemarkError {
  return new TidemarkError({
    code: 'OPENSEARCH_REQUEST_REFUSED',
    domain: 'connector',
    operatorId: place.operatorId,
    message:
      `sink '${place.operatorId}': ${place.nodes} refused the request (${status}: ${said}); check that this is the address ` +
      'of OpenSearch itself, without a path',
  })
}

/** OpenSearch refuses each document alone: whether others get through depends on where they go. */
export function pipelineMissing(place: Place, pipeline: string, said: string): TidemarkError {
  return new TidemarkError({
    code: 'OPENSEARCH_PIPELINE_MISSING',
    domain: 'user',
    operatorId: place.operatorId,
    message:
      `sink '${place.operatorId}': expected ingest pipeline '${pipeline}' at ${place.nodes}, found none (${said}); correct ` +
      `the name, or make it: PUT _ingest/pipeline/${pipeline}`,
  })
}

/** The same of an index that its documents do not make. */
export function indexMissing(place: Place, index: string, said: string): TidemarkError {
  return new TidemarkError({
    code: 'OPENSEARCH_INDEX_MISSING',
    domain: 'user',
    operatorId: place.operatorId,
    message:
      `sink '${place.operatorId}': there is no index ${index} at ${place.nodes}, and documents do not make it (${said}); ` +
      `correct the name, make it (PUT ${index}), or allow it in the cluster's setting action.auto_create_index`,
  })
}

/** The end of what was tried for long enough. */
export function unavailable(place: Place, failure: PassingFailure, triedForMs: number): TidemarkError {
  const { said, isThrottled, cause } = failure
  const tried = `for ${Math.round(triedForMs / 1000)} s`
  const base = { domain: 'connector', operatorId: place.operatorId, retryable: true, cause } as const
  if (isThrottled) {
    return new TidemarkError({
      ...base,
      code: 'OPENSEARCH_THROTTLED',
      message:
        `sink '${place.operatorId}': ${place.nodes} had too much to do ${tried} (${said}); give the cluster more nodes or ` +
        'disk, or the index more shards',
    })
  }
  return new TidemarkError({
    ...base,
    code: 'OPENSEARCH_UNAVAILABLE',
    message:
      `sink '${place.operatorId}': no good answer of ${place.nodes} ${tried} (${said}); check the address, the network and ` +
      "the cluster's health",
  })
}
