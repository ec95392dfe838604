/** What the split is doing when somebody looks. */
export interface SplitActivity {
  /** Monotonic milliseconds. */
  readonly now: number
  /** The last read returned nothing, and nothing is buffered, in flight, throttled or failing. */
  readonly caughtUp: boolean
  /** Held back by alignment or backpressure. */
  readonly paused: boolean
}

/**
 * How long a split has had nothing to say: time in which it was caught up and free to go on. It counts from the
 * assignment of the split, whether a record ever came or not, and a record sets it back to zero. Time counts only
 * between two looks that both found the split quiet, so a stall between them never makes it idle.
 */
export class IdlenessClock {
  private readonly idleAfterMs: number | undefined
  private quietMs = 0
  /** The last look, where it found the split quiet. */
  private quietSince: number | undefined

  /** `idleAfterMs` undefined: never idle. */
  constructor(idleAfterMs: number | undefined) {
    this.idleAfterMs = idleAfterMs
  }

  get isIdle(): boolean {
    return this.idleAfterMs !== undefined && this.quietMs >= this.idleAfterMs
  }

  /** In how many milliseconds another look may find the split idle; undefined while the clock stands or has run out. */
  get remainingMs(): number | undefined {
    if (this.idleAfterMs === undefined || this.quietSince === undefined || this.isIdle) return undefined
    return this.idleAfterMs - this.quietMs
  }

  onRecords(): void {
    this.quietMs = 0
    this.quietSince = undefined
  }

  look(activity: SplitActivity): void {
    const { now, caughtUp, paused } = activity
    if (!caughtUp || paused) {
      this.quietSince = undefined
      return
    }
    if (this.quietSince !== undefined) this.quietMs += Math.max(0, now - this.quietSince)
    this.quietSince = now
  }
}
