import type { CancelTimer, Environment } from '../../environment.js'
import type { TidemarkError } from '../../errors.js'
import type { AsyncContext } from './async-function.js'
import type { RetrySettings } from './async-settings.js'

export interface CallsOptions<I> {
  readonly environment: Environment
  readonly timeoutMs: number
  readonly retry: RetrySettings
  /** Calls the user's function. */
  readonly call: (input: I, context: AsyncContext) => unknown
  readonly timestampOf: (input: I) => number
  /** Exactly one of the three for each input, unless `abort` comes first. */
  readonly onResult: (input: I, result: unknown) => void
  readonly onFailure: (input: I, error: unknown) => void
  /** @param error what `timedOut` gave; the input's signal has aborted with it. */
  readonly onTimeout: (input: I, error: TidemarkError) => void
  /** `lastError` is that of the last attempt that failed, undefined when none did. */
  readonly timedOut: (input: I, tried: { readonly attempts: number; readonly lastError: unknown }) => TidemarkError
  readonly onRetry: () => void
}

/**
 * Calls a function for inputs, several at a time. An input is over when its result is there, when it has failed for
 * good, or when its time is up; what comes later for it, from whatever attempt, is ignored.
 */
export class Calls<I> {
  readonly #options: CallsOptions<I>
  /** In the order of their deadlines: all have the same time. */
  readonly #running = new Set<Running<I>>()
  #cancelTimer: CancelTimer | undefined

  constructor(options: CallsOptions<I>) {
    this.#options = options
  }

  start(input: I): void {
    const { environment, timeoutMs } = this.#options
    const running = new Running(input, environment.clock.monotonic() + timeoutMs)
    this.#running.add(running)
    if (this.#cancelTimer === undefined) this.#await(timeoutMs)
    this.#attempt(running)
  }

  /** Nobody waits any more: signals abort, and nothing is reported. */
  abort(reason?: unknown): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const aborted = [...this.#running]
    this.#running.clear()
    for (const running of aborted) running.abort(reason)
  }

  #attempt(running: Running<I>): void {
    const { call, timestampOf, onResult } = this.#options
    running.attempts++
    const context = new CallContext(running, timestampOf(running.input))
    const result = promiseOf(() => call(running.input, context))
    result.then(
      (value) => {
        if (this.#running.delete(running)) onResult(running.input, value)
      },
      (error: unknown) => this.#failed(running, error),
    )
  }

  #failed(running: Running<I>, error: unknown): void {
    if (!this.#running.has(running)) return
    const { retry, environment, onFailure, onRetry } = this.#options
    let failure = error
    try {
      if (running.attempts < retry.attempts && retry.isWorthIt(error)) {
        running.lastError = error
        const delayMs = retry.delayMs * retry.backoff ** (running.attempts - 1)
        onRetry()
        // A delay beyond the deadline is cut short by it.
        running.cancelDelay = environment.timers.after(delayMs, () => this.#attempt(running))
        return
      }
    } catch (thrown) {
      failure = thrown
    }
    this.#running.delete(running)
    onFailure(running.input, failure)
  }

  /** One timer for all: the first of the running ones is due first. */
  #await(delayMs: number): void {
    const { environment } = this.#options
    this.#cancelTimer = environment.timers.after(delayMs, () => {
      this.#cancelTimer = undefined
      const now = environment.clock.monotonic()
      for (const running of this.#running) {
        if (running.deadline > now) return this.#await(running.deadline - now)
        this.#timeOut(running)
      }
    })
  }

  #timeOut(running: Running<I>): void {
    const { timedOut, onTimeout } = this.#options
    this.#running.delete(running)
    const error = timedOut(running.input, running)
    running.abort(error)
    onTimeout(running.input, error)
  }
}

class Running<I> {
  readonly input: I
  readonly deadline: number
  attempts = 0
  lastError: unknown = undefined
  cancelDelay: CancelTimer | undefined
  #controller: AbortController | undefined

  constructor(input: I, deadline: number) {
    this.input = input
    this.deadline = deadline
  }

  /** Made for those who ask. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.cancelDelay?.()
    // For one who asks for the signal only now, too.
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }
}

class CallContext implements AsyncContext {
  readonly timestamp: number
  readonly attempt: number
  readonly #running: Running<unknown>

  constructor(running: Running<unknown>, timestamp: number) {
    this.#running = running
    this.attempt = running.attempts
    this.timestamp = timestamp
  }

  get signal(): AbortSignal {
    return this.#running.signal
  }
}

/** What a function throws before it returns its promise is a failure like any other. */
function promiseOf(call: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(call())
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}
