import { type Environment, sleep } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { type FailureContext, failureKind, requestFailed } from './failure.js'
import type { S3Limits } from './options.js'
import { Slots } from './slots.js'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000
/** A line that carries less than this is as good as dead. */
const SLOWEST_BYTES_PER_MS = 1024

export interface Attempt {
  readonly signal: AbortSignal
  /** Gives the attempt the time that a body of this length may take. */
  allow(bytes: number): void
}

/** Bounded, timed and repeated requests of one store. */
export class Requests {
  readonly #environment: Environment
  readonly #limits: S3Limits
  readonly #slots: Slots
  readonly #closed = new AbortController()
  readonly #location: string

  constructor(environment: Environment, limits: S3Limits, location: string) {
    this.#environment = environment
    this.#limits = limits
    this.#slots = new Slots(limits.parallel)
    this.#location = location
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  close(): void {
    this.#closed.abort(
      new TidemarkError({
        code: 'STORAGE_CLOSED',
        domain: 'storage',
        message: `${this.#location} was closed: the job that used it has ended`,
      }),
    )
  }

  /**
   * Tries until an attempt succeeds, fails for good, or was one too many.
   * @throws TidemarkError as `requestFailed` says
   */
  async run<R>(context: FailureContext, action: (attempt: Attempt) => Promise<R>): Promise<R> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#slots.use(() => this.#once(action))
      } catch (thrown) {
        if (this.isClosed) throw this.#closed.signal.reason
        const isLast = attempts >= this.#limits.attempts
        if (isLast || failureKind(thrown) !== 'passing') throw requestFailed(thrown, context, attempts)
        await sleep(this.#environment, this.#delayAfter(attempts), this.#closed.signal)
      }
    }
  }

  async #once<R>(action: (attempt: Attempt) => Promise<R>): Promise<R> {
    const closed = this.#closed.signal
    closed.throwIfAborted()
    const { timers } = this.#environment
    const { timeoutMs } = this.#limits
    const ending = new AbortController()
    const onClosed = (): void => ending.abort(closed.reason)
    const onTimeout = (): void => ending.abort(timedOut(allowedMs))
    let allowedMs = timeoutMs
    let cancelTimer = timers.after(allowedMs, onTimeout)
    closed.addEventListener('abort', onClosed, { once: true })
    let isOver = false
    const allow = (bytes: number): void => {
      if (isOver) return
      cancelTimer()
      allowedMs = timeoutMs + Math.ceil(bytes / SLOWEST_BYTES_PER_MS)
      cancelTimer = timers.after(allowedMs, onTimeout)
    }
    try {
      return await unlessAborted(action({ signal: ending.signal, allow }), ending.signal)
    } finally {
      isOver = true
      cancelTimer()
      closed.removeEventListener('abort', onClosed)
    }
  }

  /** Exponential, with jitter: writers that were refused together do not come back together. */
  #delayAfter(attempts: number): number {
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts - 1, 10))
    return ceiling * (0.5 + this.#environment.random.next() / 2)
  }
}

/** A stream that has stopped may never say so: what does not end with the attempt is left behind. */
async function unlessAborted<R>(waited: Promise<R>, signal: AbortSignal): Promise<R> {
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([waited, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function timedOut(afterMs: number): TidemarkError {
  return badReply(`no answer within ${afterMs} ms`)
}

/** An answer that cannot be used; asking again may give a better one. */
export function badReply(message: string): TidemarkError {
  return new TidemarkError({ code: 'STORAGE_FAILED', domain: 'storage', retryable: true, message })
}
