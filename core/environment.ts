/**
 * The one seam between Tidemark and the world. Everything in `core/` and the decision logic of `runtime/` takes time,
 * timers, randomness and ids from here, so that a whole job can run on virtual time from one seed.
 */
export interface Environment {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** A fresh, unguessable id (letters and digits). Two calls never return the same one. */
  nonce(): string
  /** Resolves after the event loop had a turn for I/O. Never resolves synchronously. */
  yield(): Promise<void>
}

export interface Clock {
  /** Wall-clock time in epoch milliseconds. May jump. */
  now(): number
  /** Milliseconds since an arbitrary origin. Never goes backwards. */
  monotonic(): number
}

export interface Timers {
  /** Calls `callback` once, after at least `delayMs`. The result cancels it; cancelling twice does nothing. */
  after(delayMs: number, callback: () => void): CancelTimer
}

export type CancelTimer = () => void

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
}

/** Resolves after `delayMs`, or rejects with the signal's reason when that aborts first. */
export function sleep(environment: Pick<Environment, 'timers'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = environment.timers.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
