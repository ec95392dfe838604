import type { Environment } from '../../core/environment.js'
import type { TidemarkError } from '../../core/errors.js'
import { callFailed, type FailureContext, type FailureKind, failureKind } from './errors.js'

export interface RetryOptions extends FailureContext {
  readonly environment: Environment
  /** How long failures are borne without a success between them. */
  readonly retryForMs: number
}

export interface Failure {
  readonly kind: FailureKind
  /** How long to wait before the next attempt, or why there is none. */
  readonly delayMs: number
  readonly error: TidemarkError | undefined
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000
/** Kinesis counts by the second: coming back earlier is throttled again. */
const FIRST_THROTTLED_DELAY_MS = 500
/** A subscription gives way after five seconds, a consumer is ready after some. */
const FIRST_IN_USE_DELAY_MS = 1000

const FIRST_DELAYS_MS: Partial<Record<FailureKind, number>> = {
  throttled: FIRST_THROTTLED_DELAY_MS,
  inUse: FIRST_IN_USE_DELAY_MS,
}
const PASSING: ReadonlySet<FailureKind> = new Set(['throttled', 'transient', 'inUse', 'expiredCredentials'])

/** Exponential backoff with jitter and a budget in time. Waiting is the caller's part. */
export class Retry {
  readonly #options: RetryOptions
  #failures = 0
  #since = 0
  #expirations = 0

  constructor(options: RetryOptions) {
    this.#options = options
  }

  onSuccess(): void {
    this.#failures = 0
    this.#expirations = 0
  }

  onFailure(thrown: unknown): Failure {
    const kind = failureKind(thrown)
    const { environment, retryForMs } = this.#options
    const now = environment.clock.monotonic()
    if (this.#failures === 0) this.#since = now
    const triedForMs = now - this.#since
    this.#failures++
    // A fresh iterator that has expired already is no matter of time.
    if (kind === 'expiredIterator' && ++this.#expirations === 1) return { kind, delayMs: 0, error: undefined }
    const isPassing = PASSING.has(kind)
    const delayMs = this.#delayOf(kind)
    if (isPassing && triedForMs + delayMs <= retryForMs) return { kind, delayMs, error: undefined }
    return { kind, delayMs: 0, error: callFailed(thrown, { ...this.#options, triedForMs }) }
  }

  #delayOf(kind: FailureKind): number {
    const first = FIRST_DELAYS_MS[kind] ?? FIRST_DELAY_MS
    const ceiling = Math.min(LONGEST_DELAY_MS, first * 2 ** Math.min(this.#failures - 1, 10))
    return ceiling * (0.5 + this.#options.environment.random.next() / 2)
  }
}
