import type { Aggregate } from '../window/aggregate.js'

export interface SessionTimes {
  readonly count: number
  /** Event time of the first record, epoch milliseconds. */
  readonly startedAt: number
  /** Of the last one. */
  readonly endedAt: number
  readonly durationMs: number
  /** Between records that follow each other; undefined where there is one alone. */
  readonly meanGapMs: number | undefined
}

/** How many, the earliest and the latest event time: what can be merged when two sessions become one. */
type Accumulator = [count: number, earliest: number, latest: number]

export function sessionTimes(): Aggregate<unknown, Accumulator, SessionTimes> {
  return Object.freeze({
    kind: 'sessionTimes',
    create: (): Accumulator => [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    add(times: Accumulator, _record: unknown, timestamp: number) {
      times[0]++
      if (timestamp < times[1]) times[1] = timestamp
      if (timestamp > times[2]) times[2] = timestamp
      return times
    },
    merge(left: Accumulator, right: Accumulator) {
      left[0] += right[0]
      left[1] = Math.min(left[1], right[1])
      left[2] = Math.max(left[2], right[2])
      return left
    },
    result([count, startedAt, endedAt]: Accumulator) {
      const durationMs = endedAt - startedAt
      return { count, startedAt, endedAt, durationMs, meanGapMs: count > 1 ? durationMs / (count - 1) : undefined }
    },
  })
}
