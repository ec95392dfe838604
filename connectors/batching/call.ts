import type { TidemarkError } from '../../core/errors.js'

/** What may succeed at another attempt. */
export interface PassingFailure {
  readonly kind: 'retry'
  /** The service's words, without a full stop. */
  readonly said: string
  /** The service has too much to do: everything slows down, not only what it refused. */
  readonly isThrottled: boolean
  readonly cause?: unknown
}

/** Of one record. `rejected`: it can never be taken, and is given up by the sink's policy. */
export type RecordOutcome =
  | { readonly kind: 'done' }
  | PassingFailure
  | { readonly kind: 'rejected'; readonly problem: TidemarkError }

/**
 * Of a call.
 *
 * - `records`: one outcome a record, in their order.
 * - `retry`: nothing is known of any of them; all go again.
 * - `split`: refused as a whole because of some of them. They go again in two halves; what is alone is rejected with
 *   `problem`. `isTooLarge`: no later call is as large.
 * - `failed`: no other call can succeed either; the job fails.
 */
export type CallAnswer =
  | { readonly kind: 'records'; readonly outcomes: readonly RecordOutcome[] }
  | PassingFailure
  | { readonly kind: 'split'; readonly isTooLarge: boolean; readonly problem: TidemarkError }
  | { readonly kind: 'failed'; readonly problem: TidemarkError }

export const DONE: RecordOutcome = { kind: 'done' }

/**
 * Sends records in one call. Everything that the service says, or does not say, is an answer: what it rejects with is a
 * bug. When `signal` aborts it stops waiting; its reason is a `TimeoutError` where the time was over.
 */
export type SendCall<R> = (records: readonly R[], signal: AbortSignal) => Promise<CallAnswer>
