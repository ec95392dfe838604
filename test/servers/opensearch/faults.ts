import type { Random } from '../../../core/environment.js'
import {
  createFaultPlan,
  type FaultHook,
  type FaultPlan,
  type Faults,
  type FaultTiming,
  includes,
} from '../fault-plan.js'

/**
 * What can go wrong with one request.
 *
 * - `throttle`: 429 as a whole, nothing applied. `unavailable`: 503. `error`: any status and type.
 * - `tooLarge`: 413 when the body has more bytes than `overBytes`, by default whatever it has.
 * - `notJson`: 200 with a page of a proxy, nothing applied.
 * - `slow`: waits `ms` before the request is applied, even if the client has given up meanwhile; or after it.
 * - `resetBefore`: the connection is reset, nothing applied. `replyLost`: applied, then reset.
 * - `silence`: applied, and never answered.
 * - `failedItems`: of `_bulk`, single documents with the chance `rate` (default 1), with `status` (default 429). The others
 *   are applied.
 */
export type OpenSearchFault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'error'; readonly status: number; readonly type: string; readonly reason?: string }
  | { readonly kind: 'tooLarge'; readonly overBytes?: number }
  | { readonly kind: 'notJson' }
  | { readonly kind: 'slow'; readonly ms: number; readonly when?: 'before' | 'after' }
  | { readonly kind: 'resetBefore' }
  | { readonly kind: 'replyLost' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'failedItems'; readonly rate?: number; readonly status?: 429 | 500 | 503 }

export type OpenSearchOperationName =
  | 'info'
  | 'bulk'
  | 'search'
  | 'count'
  | 'get'
  | 'refresh'
  | 'template'
  | 'createIndex'
  | 'deleteIndex'
  | 'indexExists'
  | 'mapping'
  | 'pipeline'
  | 'clusterSettings'

export interface OpenSearchRequest {
  readonly operation: OpenSearchOperationName
  /** That the path names; empty where it names none. */
  readonly index: string
  readonly bytes: number
}

export type OpenSearchFaultHook = FaultHook<OpenSearchRequest, OpenSearchFault>

export interface OpenSearchFaultRule extends FaultTiming<OpenSearchFault> {
  /** Default: `bulk`. */
  readonly operation?: OpenSearchOperationName | readonly OpenSearchOperationName[]
}

export type OpenSearchFaults = Faults<OpenSearchRequest, OpenSearchFault, OpenSearchFaultRule>
export type OpenSearchFaultPlan = FaultPlan<OpenSearchRequest, OpenSearchFault, OpenSearchFaultRule>

export function createOpenSearchFaultPlan(
  random: Random,
  initial?: OpenSearchFaultHook | readonly OpenSearchFaultRule[],
): OpenSearchFaultPlan {
  return createFaultPlan({ random, picks, initial })
}

function picks({ operation = 'bulk', fault }: OpenSearchFaultRule, request: OpenSearchRequest): boolean {
  const isLarge = fault.kind !== 'tooLarge' || request.bytes > (fault.overBytes ?? -1)
  return isLarge && includes(operation, request.operation)
}
