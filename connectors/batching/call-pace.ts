import type { CallResult, Pace } from './pace.js'

/**
 * One more call at once for each round of calls that went well, half as many when the service has too much to do
 * (additive increase, multiplicative decrease); and none at all for as long as what it refused waits.
 */
export class CallPace implements Pace<unknown> {
  readonly #most: number
  #allowed: number
  /** Calls that were sent before the last decrease say nothing new. */
  #decreasedAt = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  readonly gauge = { name: 'parallelCallsLimit', read: (): number => this.calls }

  constructor(most: number) {
    this.#most = most
    this.#allowed = most
  }

  get calls(): number {
    return Math.max(1, Math.floor(this.#allowed))
  }

  allowedAt(): number {
    return this.#pausedUntil
  }

  onCall(): void {}

  onResult({ throttled, isUnknown, sentAt, now, retryAt }: CallResult<unknown>): void {
    if (throttled.length > 0 || isUnknown) this.#pausedUntil = Math.max(this.#pausedUntil, retryAt)
    if (throttled.length === 0) {
      this.#allowed = Math.min(this.#most, this.#allowed + 1 / this.#allowed)
      return
    }
    if (sentAt <= this.#decreasedAt) return
    this.#decreasedAt = now
    this.#allowed = Math.max(1, this.#allowed / 2)
  }
}
