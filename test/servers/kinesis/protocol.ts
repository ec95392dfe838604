import type { IncomingHttpHeaders } from 'node:http'
import { messageOf } from '../../../core/errors.js'
import { AwsError } from './aws-error.js'
import type { Subscription } from './fan-out/subscription.js'
import type { Kinesis } from './kinesis.js'
import { isOperation, operations } from './operations/index.js'
import type { KinesisOperationName } from './operations/names.js'
import { subscribeToShard } from './operations/subscribe-to-shard.js'
import { isJsonObject, type JsonObject } from './request.js'

export const CONTENT_TYPE = 'application/x-amz-json-1.1'
const TARGET_PREFIX = 'Kinesis_20131202.'

export interface Call {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly body: string
  /** The error's name, for the header that AWS repeats it in. */
  readonly errorType?: string
}

export interface ParsedCall {
  readonly operation: KinesisOperationName
  readonly request: JsonObject
}

/**
 * AWS JSON 1.1: one POST a call, the operation in a header, errors as `__type` and `message`.
 *
 * @throws AwsError
 */
export function parseCall(call: Call): ParsedCall {
  return { operation: operationOf(call), request: parseBody(call.body) }
}

/** Never throws. */
export function execute(kinesis: Kinesis, { operation, request }: ParsedCall): Answer | Subscription {
  try {
    if (operation === 'SubscribeToShard') return subscribeToShard(kinesis, request)
    const result = operations[operation](kinesis, request)
    return { status: 200, body: result === undefined ? '' : JSON.stringify(result) }
  } catch (thrown) {
    return errorAnswer(thrown)
  }
}

export function errorAnswer(thrown: unknown): Answer {
  const error = thrown instanceof AwsError ? thrown : new AwsError('InternalFailure', messageOf(thrown))
  return {
    status: error.status,
    body: JSON.stringify({ __type: error.type, message: error.message }),
    errorType: error.type,
  }
}

/** Signatures are not checked, but a client without credentials fails here as it would with AWS. */
function operationOf({ method, headers }: Call): KinesisOperationName {
  if (method !== 'POST') {
    throw new AwsError(
      'AccessDeniedException',
      'Unable to determine service/operation name to be authorized: this is a Kinesis endpoint, which takes POST only.',
    )
  }
  const target = headers['x-amz-target']
  if (typeof target !== 'string' || !target.startsWith(TARGET_PREFIX)) {
    throw new AwsError(
      'UnknownOperationException',
      `Expected the header X-Amz-Target: ${TARGET_PREFIX}<operation>, found ${JSON.stringify(target ?? null)}.`,
    )
  }
  const name = target.slice(TARGET_PREFIX.length)
  if (!isOperation(name)) {
    throw new AwsError('UnknownOperationException', `The local Kinesis has no operation ${JSON.stringify(name)}.`)
  }
  checkContentType(headers['content-type'])
  if (headers.authorization === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  }
  return name
}

/** Browsers cannot send this type to another origin without asking first, which keeps web pages out. */
function checkContentType(contentType: string | undefined): void {
  if (contentType?.split(';')[0]?.trim().toLowerCase() === CONTENT_TYPE) return
  const hint = contentType?.includes('cbor')
    ? ' This client sends CBOR; switch it to JSON (Java: -Daws.cborEnabled=false).'
    : ''
  throw new AwsError(
    'UnknownOperationException',
    `Expected the content type ${CONTENT_TYPE}, found ${JSON.stringify(contentType ?? null)}.${hint}`,
  )
}

function parseBody(body: Buffer): JsonObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString())
  } catch (cause) {
    throw new AwsError('SerializationException', `The body is not JSON: ${messageOf(cause).slice(0, 200)}`)
  }
  if (!isJsonObject(parsed)) throw new AwsError('SerializationException', 'The body must be a JSON object.')
  return parsed
}
