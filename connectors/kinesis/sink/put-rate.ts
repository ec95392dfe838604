/** How long answers are gathered before the rate changes: throttling comes in bursts. */
const PERIOD_MS = 250
const LONGEST_PERIOD_MS = 1000
/** The part of the rate at the last decrease by which it grows, a period: back from half in some six seconds. */
const GROWTH = 0.02
const LEAST_GROWTH = 20
/** A period with any throttling at all costs this part of the rate; one that is throttled whole costs half. */
const LEAST_DECREASE = 0.1
const LARGEST_DECREASE = 0.5
/** Cost a second: a single record a call still gets through. */
const LEAST_RATE = 50
/** One large record at a low rate must not look like an end. */
const LONGEST_WAIT_MS = 5000

/**
 * The rate at which a stream takes records, found by additive increase and multiplicative decrease, as TCP does (Chiu
 * and Jain 1989). Unlimited until the first throttling. It counts costs (see `costOf`) over all shards: which shard a
 * record will go to is known only when it is there. All times are monotonic milliseconds.
 */
export class PutRate {
  #perSecond = Number.POSITIVE_INFINITY
  #growth = LEAST_GROWTH
  #allowedAt = 0
  #periodFrom: number
  #acknowledged = 0
  #throttled = 0
  /** Whether the rate made anything wait in this period: one that was not used up proves nothing. */
  #wasReached = false

  constructor(now: number) {
    this.#periodFrom = now
  }

  /** Infinity: unlimited. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** The next call may be made then. */
  allowedAt(now: number): number {
    if (this.#allowedAt > now) this.#wasReached = true
    return this.#allowedAt
  }

  onCall(cost: number, now: number): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, (cost * 1000) / this.#perSecond)
    this.#allowedAt = Math.max(now, this.#allowedAt) + waitMs
  }

  onAnswer(acknowledged: number, throttled: number, now: number): void {
    this.#acknowledged += acknowledged
    this.#throttled += throttled
    const elapsedMs = now - this.#periodFrom
    if (elapsedMs < PERIOD_MS) return
    if (this.#throttled > 0) this.#decrease(elapsedMs)
    else if (this.#wasReached) this.#perSecond += this.#growth
    this.#periodFrom = now
    this.#acknowledged = 0
    this.#throttled = 0
    this.#wasReached = false
  }

  #decrease(elapsedMs: number): void {
    const offered = this.#acknowledged + this.#throttled
    const share = this.#throttled / offered
    // What was offered in fact, where that is less: a rate that is never reached would take long to come down. A quiet
    // time before it does not count.
    const from = Math.min(this.#perSecond, (offered * 1000) / Math.min(elapsedMs, LONGEST_PERIOD_MS))
    const decrease = Math.max(LEAST_DECREASE, share * LARGEST_DECREASE)
    this.#perSecond = Math.max(LEAST_RATE, from * (1 - decrease))
    this.#growth = Math.max(LEAST_GROWTH, this.#perSecond * GROWTH)
  }
}
