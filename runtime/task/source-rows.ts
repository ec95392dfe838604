import { Batch } from '../../core/element.js'
import { Origin } from '../../core/origin.js'

export interface RowRange {
  readonly start: number
  readonly end: number
  readonly dropped: ReadonlySet<number>
  /** Of all rows. */
  readonly origin: Origin
}

/** Part of what was polled, without the dropped rows; as it is where that is all of it. */
export function rowsOf(values: unknown[], timestamps: number[], { start, end, dropped, origin }: RowRange): Batch {
  if (dropped.size === 0) {
    if (start === 0 && end === values.length) return new Batch(values, timestamps, undefined, undefined, origin)
    return new Batch(values.slice(start, end), timestamps.slice(start, end), undefined, undefined, origin.from(start))
  }
  const kept = (_: unknown, index: number): boolean => !dropped.has(start + index)
  const offsets = origin.offsets?.slice(start, end).filter(kept)
  const rest = Origin.ofPoll(origin.split, offsets)
  return new Batch(
    values.slice(start, end).filter(kept),
    timestamps.slice(start, end).filter(kept),
    undefined,
    undefined,
    rest,
  )
}

/** The value as JSON: its bytes are gone once it is decoded. */
export function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
