import type { Random } from '../../../core/environment.js'
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

/** Sees each request before it is applied; what it returns goes wrong with that. */
export type S3FaultHook = (request: S3Request) => S3Fault | undefined

export interface S3FaultRule {
  /** Default: all. */
  readonly operation?: OperationName | readonly OperationName[]
  readonly bucket?: string
  /** A key, or a pattern that is searched in it. */
  readonly key?: string | RegExp
  /** Which of the matching requests, counted from 1. Default: each of them. */
  readonly nth?: number | readonly number[]
  /** How many times at most. */
  readonly times?: number
  /** How likely, from 0 to 1, for each request that all of the above picks. Default 1. */
  readonly rate?: number
  readonly fault: S3Fault
}

export interface S3Faults {
  /** Of the rules that pick a request the one added first counts. Returns what takes this one away. */
  add(rule: S3FaultRule | S3FaultHook): () => void
  clear(): void
  /** How often each kind was injected. */
  injected(): Readonly<Partial<Record<S3Fault['kind'], number>>>
}

export interface FaultPlan extends S3Faults {
  next(request: S3Request): S3Fault | undefined
}

export function createFaultPlan(random: Random, initial: S3FaultHook | readonly S3FaultRule[] = []): FaultPlan {
  const hooks = new Set<S3FaultHook>()
  const injected: Partial<Record<S3Fault['kind'], number>> = {}
  const add = (rule: S3FaultRule | S3FaultHook): (() => void) => {
    const hook = typeof rule === 'function' ? rule : hookOf(rule, random)
    hooks.add(hook)
    return () => void hooks.delete(hook)
  }
  for (const rule of typeof initial === 'function' ? [initial] : initial) add(rule)
  return {
    add,
    clear: () => hooks.clear(),
    injected: () => ({ ...injected }),
    next(request) {
      let chosen: S3Fault | undefined
      // Every hook sees every request, so that a rule's count does not depend on the other rules.
      for (const hook of hooks) {
        const fault = hook(request)
        chosen ??= fault
      }
      if (chosen !== undefined) injected[chosen.kind] = (injected[chosen.kind] ?? 0) + 1
      return chosen
    },
  }
}

function hookOf(rule: S3FaultRule, random: Random): S3FaultHook {
  const { nth, times = Number.POSITIVE_INFINITY, rate = 1, fault } = rule
  let [seen, fired] = [0, 0]
  return (request) => {
    if (!picks(rule, request)) return undefined
    seen++
    if (fired >= times || !includes(nth, seen) || (rate < 1 && random.next() >= rate)) return undefined
    fired++
    return fault
  }
}

function picks(rule: S3FaultRule, request: S3Request): boolean {
  const { key } = rule
  return (
    includes(rule.operation, request.operation) &&
    includes(rule.bucket, request.bucket) &&
    (key === undefined || (typeof key === 'string' ? key === request.key : request.key.search(key) >= 0))
  )
}

/** Absent means any. */
function includes<T extends string | number>(wanted: T | readonly T[] | undefined, value: T): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'object' ? wanted.includes(value) : wanted === value
}
