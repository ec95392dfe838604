/**
 * Where the right record of a pair lies: left + lowerMs <= right <= left + upperMs. Whole milliseconds, so that a bound
 * that is exclusive is an inclusive one beside it.
 */
export interface Interval {
  readonly lowerMs: number
  readonly upperMs: number
}

/** Parts of an interval that records are kept in: what goes late by one of them costs a quarter of the interval at most. */
const PARTS = 4

/** How much event time a piece of a buffer spans. */
export function pieceOf({ lowerMs, upperMs }: Interval): number {
  return Math.ceil((upperMs - lowerMs + 1) / PARTS)
}

/** The same as the right record sees it. */
export function reversed({ lowerMs, upperMs }: Interval): Interval {
  return { lowerMs: 0 - upperMs, upperMs: 0 - lowerMs }
}
