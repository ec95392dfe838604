export type Speedup = number | 'max'

/** That of AWS's replayer: an hour in 0.56 s, a day in 13 s. */
export const DEFAULT_SPEEDUP = 6480

/**
 * When a trip is due: the first one at once, each other one so long after it as their drop-offs are apart, divided by
 * the speedup. With `max` everything is due at once.
 */
export class Schedule {
  private readonly speedup: Speedup
  private startedAt: number | undefined
  private firstTime = 0

  constructor(speedup: Speedup) {
    this.speedup = speedup
  }

  /** Milliseconds from `now` (of the monotonic clock) until a drop-off time is due; negative if it is late. */
  untilDue(time: number, now: number): number {
    if (this.speedup === 'max') return 0
    if (this.startedAt === undefined) {
      this.startedAt = now
      this.firstTime = time
    }
    return this.startedAt + (time - this.firstTime) / this.speedup - now
  }
}
