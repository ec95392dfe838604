/**
 * How a source tells event time. One generator a split; what is beyond `now + maxSkewMs` is processed and counted but
 * never reaches the generator (DESIGN.md section 5: one record from the year 2099 must not make everything late).
 */
export interface WatermarkStrategy<in T> {
  /** For people and the fingerprint: `boundedOutOfOrderness(60s)`. */
  readonly kind: string
  /** Epoch milliseconds of a value. Absent: the source's own timestamps count. */
  readonly timestamp?: (value: T) => number
  generator(): WatermarkGenerator<T>
  /** A split without records for so long, while caught up, does not hold the watermark back. Undefined: never idle. */
  readonly idleAfterMs: number | undefined
  /** Undefined: no limit. */
  readonly maxSkewMs: number | undefined
  /**
   * A split further ahead of the slowest one of its source, or of its group, is not read until the others have caught
   * up. Undefined: no limit.
   */
  readonly maxDriftMs?: number | undefined
  /** Sources with the same name wait for each other. Only with `maxDriftMs`. */
  readonly alignmentGroup?: string | undefined
}

/** Watermarks of one split. */
export interface WatermarkGenerator<in T> {
  /** Returns true when the watermark has to go out right behind this record (a marker), not at the end of its batch. */
  onRecord(value: T, timestamp: number): boolean
  /** The watermark now; never smaller than before. MIN_WATERMARK while nothing is known. */
  current(): number
  /** Sets the watermark that a checkpoint stored: `current` never falls below it. */
  restore(watermark: number): void
}
