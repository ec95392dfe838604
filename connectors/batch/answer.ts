import type { FunctionContext } from '../../core/context.js'

/** What may succeed at another attempt. */
export interface RetryAnswer {
  /** Why, in the service's words: what the error says when it was tried for long enough. */
  readonly retry: string
  /** The service has too much to do: fewer calls go at once. */
  readonly isThrottled?: boolean
}

/** A row that can never be taken: `onRejected` decides what becomes of it. */
export interface RejectAnswer {
  readonly reject: string
  /** For the dead letter and the metric: up to 64 letters, digits, `_`, `-` and `.`. Default `BATCH_ROW_REJECTED`. */
  readonly code?: string
}

/** Of one row. */
export type RowAnswer = 'ok' | RetryAnswer | RejectAnswer

/** The batch was refused because of some of its rows: it goes again in two halves; a row that is alone is rejected. */
export interface SplitAnswer {
  readonly split: string
  /** No later batch has as many bytes (as `bytesOf` counts them). */
  readonly isTooLarge?: boolean
}

/** No other call can succeed either: the job fails, and is not restarted. */
export interface FailAnswer {
  readonly fail: string
}

/**
 * What became of a batch: one answer a row, in their order; or one for all of them. With `retry` nothing is known of any
 * row, and all go again.
 */
export type BatchAnswer = readonly RowAnswer[] | RetryAnswer | SplitAnswer | FailAnswer

/** What a call of `write` gets beside its rows. */
export interface BatchContext<out O = undefined> extends Pick<FunctionContext, 'operatorId' | 'subtask' | 'logger'> {
  /** Aborts when the call has taken as long as it may, or the sink is closed. Hand it on: to `fetch`, to a client. */
  readonly signal: AbortSignal
  /** 1, or more where one of the rows was sent before. */
  readonly attempt: number
  /** What `open` gave. */
  readonly opened: O
}
