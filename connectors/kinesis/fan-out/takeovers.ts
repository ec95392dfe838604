import type { Clock } from '../../../core/environment.js'

/** As often as a restarted job and what is left of it before may take a subscription from each other. */
const TOLERATED = 5
const WITHIN_MS = 10 * 60_000

/** Tells a reader that comes between now and then from another job that uses the same consumer all the time. */
export class Takeovers {
  readonly #clock: Clock
  #at: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns whether it has happened too often. */
  add(): boolean {
    const now = this.#clock.monotonic()
    this.#at = [...this.#at.filter((at) => now - at < WITHIN_MS), now]
    return this.#at.length > TOLERATED
  }
}
