import type { Random } from '../../../core/environment.js'
import {
  createFaultPlan,
  type FaultHook,
  type FaultPlan,
  type Faults,
  type FaultTiming,
  includes,
} from '../fault-plan.js'
import type { OperationName } from './operations/names.js'

/**
 * What can go wrong with one request.
 *
 * - `slowDown`: 503 SlowDown, nothing applied. `internalError`: 500. `accessDenied`: 403.
 * - `error`: any status and code, nothing applied.
 * - `slow`: waits `ms` before the request is applied, even if the client has given up meanwhile; or after it, before the reply.
 * - `resetBefore`: the connection is reset, nothing applied. `replyLost`: applied, then reset.
 * - `errorInBody`: 200 with an error as its body, as CompleteMultipartUpload and the copies have it; nothing applied.
 * - `truncated`: the body of the answer ends after `bytes` (default: half of it), then the connection is reset.
 * - `corrupted`: one bit of the body of the answer is wrong.
 */
export type S3Fault =
  | { readonly kind: 'slowDown' }
  | { readonly kind: 'internalError' }
  | { readonly kind: 'accessDenied' }
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'slow'; readonly ms: number; readonly when?: 'before' | 'after' }
  | { readonly kind: 'resetBefore' }
  | { readonly kind: 'replyLost' }
  | { readonly kind: 'errorInBody'; readonly code?: string; readonly message?: string }
  | { readonly kind: 'truncated'; readonly bytes?: number }
  | { readonly kind: 'corrupted' }

export interface S3Request {
  readonly operation: OperationName
  /** Empty where the operation has none. */
  readonly bucket: string
  readonly key: string
}

export type S3FaultHook = FaultHook<S3Request, S3Fault>

export interface S3FaultRule extends FaultTiming<S3Fault> {
  /** Default: all. */
  readonly operation?: OperationName | readonly OperationName[]
  readonly bucket?: string
  /** A key, or a pattern that is searched in it. */
  readonly key?: string | RegExp
}

export type S3Faults = Faults<S3Request, S3Fault, S3FaultRule>

export type S3FaultPlan = FaultPlan<S3Request, S3Fault, S3FaultRule>

export function createS3FaultPlan(random: Random, initial?: S3FaultHook | readonly S3FaultRule[]): S3FaultPlan {
  return createFaultPlan({ random, picks, initial })
}

function picks(rule: S3FaultRule, request: S3Request): boolean {
  const { key } = rule
  return (
    includes(rule.operation, request.operation) &&
    includes(rule.bucket, request.bucket) &&
    (key === undefined || (typeof key === 'string' ? key === request.key : request.key.search(key) >= 0))
  )
}
