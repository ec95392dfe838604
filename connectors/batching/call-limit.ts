/**
 * How many calls may be under way at once: one more for each round of calls that went well, half as many when the service
 * has too much to do (additive increase, multiplicative decrease).
 */
export class CallLimit {
  readonly #most: number
  #allowed: number
  /** Calls that were sent before the last decrease say nothing new. */
  #decreasedAt = Number.NEGATIVE_INFINITY

  constructor(most: number) {
    this.#most = most
    this.#allowed = most
  }

  get calls(): number {
    return Math.max(1, Math.floor(this.#allowed))
  }

  onAnswer(isThrottled: boolean, call: { readonly sentAt: number; readonly now: number }): void {
    if (!isThrottled) {
      this.#allowed = Math.min(this.#most, this.#allowed + 1 / this.#allowed)
      return
    }
    if (call.sentAt <= this.#decreasedAt) return
    this.#decreasedAt = call.now
    this.#allowed = Math.max(1, this.#allowed / 2)
  }
}
