import type { Random } from '../../../core/environment.js'
import {
  createFaultPlan,
  type FaultHook,
  type FaultPlan,
  type Faults,
  type FaultTiming,
  includes,
} from '../fault-plan.js'
import type { KinesisOperationName } from './operations/names.js'

/**
 * What can go wrong with one call.
 *
 * - `throttle`: ProvisionedThroughputExceededException where records are read or written, elsewhere LimitExceededException;
 *   nothing applied. `kmsThrottle`: KMSThrottlingException. `internalError`: 500 InternalFailure. `unavailable`: 503.
 * - `expiredCredentials`: ExpiredTokenException. `accessDenied`: AccessDeniedException.
 * - `error`: any error and status, nothing applied.
 * - `slow`: waits `ms` before the call is applied, even if the client has given up meanwhile; or after it, before the reply.
 * - `resetBefore`: the connection is reset, nothing applied. `replyLost`: applied, then reset.
 * - `expiredIterator`: GetRecords finds its iterator expired.
 * - `failedRecords`: PutRecords fails single records, each with the chance `rate` (default 1), with `code` or one of the two
 *   that Kinesis has, by chance. The others are stored.
 * - `breakSubscription`: SubscribeToShard ends after so many events (default 1): the connection is reset (default), the
 *   stream just ends, or its last message is an exception of that name.
 */
export type KinesisFault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'kmsThrottle' }
  | { readonly kind: 'internalError' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'expiredCredentials' }
  | { readonly kind: 'accessDenied' }
  | { readonly kind: 'error'; readonly type: string; readonly message?: string; readonly status?: number }
  | { readonly kind: 'slow'; readonly ms: number; readonly when?: 'before' | 'after' }
  | { readonly kind: 'resetBefore' }
  | { readonly kind: 'replyLost' }
  | { readonly kind: 'expiredIterator' }
  | { readonly kind: 'failedRecords'; readonly rate?: number; readonly code?: RecordErrorCode }
  | { readonly kind: 'breakSubscription'; readonly afterEvents?: number; readonly ending?: SubscriptionEnding }

export type RecordErrorCode = 'ProvisionedThroughputExceededException' | 'InternalFailure'

export type SubscriptionEnding = 'reset' | 'end' | { readonly exception: string; readonly message?: string }

export interface KinesisRequest {
  readonly operation: KinesisOperationName
  /** Its name, however the call says it; empty where the operation has none. */
  readonly stream: string
  /** Empty where the operation has none. */
  readonly shardId: string
  /** The consumer's name, for SubscribeToShard and what else names one by its ARN. */
  readonly consumer: string
}

export type KinesisFaultHook = FaultHook<KinesisRequest, KinesisFault>

export interface KinesisFaultRule extends FaultTiming<KinesisFault> {
  /** Default: all to which the fault can happen. */
  readonly operation?: KinesisOperationName | readonly KinesisOperationName[]
  readonly stream?: string
  readonly shardId?: string
  readonly consumer?: string
}

export type KinesisFaults = Faults<KinesisRequest, KinesisFault, KinesisFaultRule>

export type KinesisFaultPlan = FaultPlan<KinesisRequest, KinesisFault, KinesisFaultRule>

export function createKinesisFaultPlan(
  random: Random,
  initial?: KinesisFaultHook | readonly KinesisFaultRule[],
): KinesisFaultPlan {
  return createFaultPlan({ random, picks, initial })
}

function picks(rule: KinesisFaultRule, request: KinesisRequest): boolean {
  return (
    includes(rule.operation ?? OPERATIONS_OF[rule.fault.kind], request.operation) &&
    includes(rule.stream, request.stream) &&
    includes(rule.shardId, request.shardId) &&
    includes(rule.consumer, request.consumer)
  )
}

/** Faults that only one operation can have. */
const OPERATIONS_OF: Partial<Record<KinesisFault['kind'], KinesisOperationName>> = {
  expiredIterator: 'GetRecords',
  failedRecords: 'PutRecords',
  breakSubscription: 'SubscribeToShard',
}
