import type { Window } from './time-window.js'

/** A record that a window holds. */
export interface WindowRecord<out T = unknown> {
  readonly value: T
  /** Epoch milliseconds; in windows of processing time, when it came. */
  readonly timestamp: number
}

export interface EvictorContext {
  /** Event time so far, as far as this key is concerned. */
  readonly watermark: number
  /** Wall clock, epoch milliseconds. */
  readonly processingTime: number
}

/** Some of the records that it is given, in the order in which they came. */
export type EvictorStep<in T, in W extends Window> = <R extends WindowRecord<T>>(
  records: readonly R[],
  window: W,
  context: EvictorContext,
) => readonly R[]

interface EvictorSteps<T, W extends Window> {
  /** Which records the window's function gets. With none it is not called. */
  readonly before: EvictorStep<T, W>
  /** Which of those that the function got the window still has when it fires again. */
  readonly after: EvictorStep<T, W>
}

/**
 * Which of its records a window keeps when it fires: by `before`, by `after`, or by both. What is not kept is gone from the
 * window's state. It holds no state of its own.
 */
export type Evictor<T = unknown, W extends Window = Window> = {
  /** For people: `keepLast(10)`. */
  readonly kind: string
} & (
  | (Pick<EvictorSteps<T, W>, 'before'> & Partial<Pick<EvictorSteps<T, W>, 'after'>>)
  | (Pick<EvictorSteps<T, W>, 'after'> & Partial<Pick<EvictorSteps<T, W>, 'before'>>)
)
