import { messageOf, TidemarkError } from '../../../core/errors.js'
import type { CallAnswer, PassingFailure } from '../../batching/call.js'
import { type FailureKind, failureKind } from '../errors.js'

export interface PutContext {
  readonly operatorId: string
  readonly stream: string
  readonly endpoint: string
}

/** Of a call as a whole. */
export function callFailure(thrown: unknown, context: PutContext): CallAnswer {
  const kind = failureKind(thrown)
  const said = messageOf(thrown).replace(/\.$/, '') || 'no message'
  if (isPassing(kind)) return { kind: 'retry', said, isThrottled: kind === 'throttled', cause: thrown }
  return { kind: 'failed', problem: putFailed({ kind, said, cause: thrown }, context, 0) }
}

/** Of one record of a call that was answered: it is always worth another attempt. */
export function recordFailure(code: string | undefined, message: string | undefined): PassingFailure {
  return {
    kind: 'retry',
    said: `${code ?? 'no result'}${message ? `: ${messageOf(message)}` : ''}`.replace(/\.$/, ''),
    isThrottled: failureKind({ name: code }) === 'throttled',
  }
}

/** The end of a record that has been tried for long enough. */
export function gaveUp({ said, isThrottled, cause }: PassingFailure, context: PutContext, triedForMs: number) {
  const kind = isThrottled ? 'throttled' : cause === undefined ? 'transient' : failureKind(cause)
  return putFailed({ kind, said, cause }, context, triedForMs)
}

interface PutFailure {
  readonly kind: FailureKind
  /** The service's words. */
  readonly said: string
  readonly cause: unknown
}

function putFailed(failure: PutFailure, context: PutContext, triedForMs: number): TidemarkError {
  const { operatorId, stream, endpoint } = context
  const { kind, said, cause } = failure
  const location = `stream ${stream}`
  const at = `sink '${operatorId}', ${location} at ${endpoint}`
  const tried = `for ${Math.round(triedForMs / 1000)} s`
  const base = { domain: 'connector', operatorId, location, ...(cause === undefined ? {} : { cause }) } as const
  switch (kind) {
    case 'notFound':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_NOT_FOUND',
        message: `${at}: does not exist (${said}); check the name, the region and the account, or create the stream`,
      })
    case 'denied':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_ACCESS_DENIED',
        message:
          `${at}: not allowed (${said}); the job needs kinesis:PutRecords on the stream (kms:GenerateDataKey where it ` +
          'is encrypted), and valid credentials',
      })
    case 'throttled':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_THROTTLED',
        retryable: true,
        message:
          `${at}: a record was throttled ${tried} (${said}); the stream has too few shards for what is written, or one ` +
          'partition key has more than a shard takes: give it more shards, or spread the key',
      })
    case 'expiredCredentials':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_CREDENTIALS_EXPIRED',
        retryable: true,
        message:
          `${at}: the credentials have expired, and no new ones came ${tried} (${said}); give the job credentials that ` +
          'renew themselves (a role, a web identity, a profile) instead of a session token',
      })
    case 'transient':
    case 'inUse':
    case 'expiredIterator':
      return new TidemarkError({
        ...base,
        code: 'KINESIS_UNAVAILABLE',
        retryable: true,
        message: `${at}: no good answer ${tried} (${said}); check the endpoint, the network and the service's health`,
      })
    default:
      return new TidemarkError({ ...base, code: 'KINESIS_REQUEST_INVALID', message: `${at}: refused: ${said}` })
  }
}

/** What is worth another attempt. */
function isPassing(kind: FailureKind): boolean {
  return kind === 'throttled' || kind === 'transient' || kind === 'inUse' || kind === 'expiredCredentials'
}
