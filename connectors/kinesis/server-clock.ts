import type { Clock } from '../../core/environment.js'

const HEADER_RESOLUTION_MS = 1000

/** Bounds for the server's time, from the Date header of its last answer. It may differ from the machine's by minutes. */
export class ServerClock {
  readonly #clock: Clock
  #aheadMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  observe(dateHeader: string | undefined): void {
    const serverMs = Date.parse(dateHeader ?? '')
    if (!Number.isNaN(serverMs)) this.#aheadMs = serverMs - this.#clock.now()
  }

  /** No later than the server's time, nor than the machine's. */
  earliest(): number {
    return this.#clock.now() + Math.min(0, this.#aheadMs)
  }

  /** No earlier than the server's time, nor than the machine's. */
  latest(): number {
    return this.#clock.now() + Math.max(0, this.#aheadMs + HEADER_RESOLUTION_MS)
  }
}
