/** As OpenSearch writes an error. */
export interface ErrorBody {
  readonly type: string
  readonly reason: string
  readonly caused_by?: ErrorBody
  readonly [detail: string]: unknown
}

/** What OpenSearch answers with, of a request or of one item of `_bulk`. */
export class ServerError extends Error {
  readonly status: number
  readonly body: ErrorBody

  constructor(status: number, body: ErrorBody) {
    super(body.reason)
    this.status = status
    this.body = body
  }
}

export function illegalArgument(reason: string): ServerError {
  return new ServerError(400, { type: 'illegal_argument_exception', reason })
}

/** Of what a request lacks. */
export function validationFailed(problem: string): ServerError {
  const reason = `Validation Failed: 1: ${problem};`
  return new ServerError(400, { type: 'action_request_validation_exception', reason })
}

export function indexNotFound(index: string, resourceType: string): ServerError {
  return new ServerError(404, {
    type: 'index_not_found_exception',
    reason: `no such index [${index}]`,
    index,
    'resource.id': index,
    'resource.type': resourceType,
    index_uuid: '_na_',
  })
}

export function routingMissing(index: string, id: string): ServerError {
  return new ServerError(400, {
    type: 'routing_missing_exception',
    reason: `routing is required for [${index}]/[${id}]`,
    index,
    index_uuid: '_na_',
  })
}

export function versionConflict(id: string, problem: string, index: string, uuid: string): ServerError {
  return new ServerError(409, {
    type: 'version_conflict_engine_exception',
    reason: `[${id}]: version conflict, ${problem}`,
    index,
    shard: '0',
    index_uuid: uuid,
  })
}

/** The body of an answer that is an error as a whole. */
export function errorAnswer({ status, body }: ServerError): object {
  const { caused_by: _, ...root } = body
  return { error: { root_cause: [root], ...body }, status }
}
