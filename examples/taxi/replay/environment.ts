/** What the replayer takes from the world; Tidemark's own environment fits. */
export interface ReplayEnvironment {
  readonly clock: { monotonic(): number }
  readonly timers: { after(delayMs: number, callback: () => void): () => void }
  readonly random: { next(): number }
}

export function realEnvironment(): ReplayEnvironment {
  return {
    clock: { monotonic: () => performance.now() },
    timers: {
      after(delayMs, callback) {
        const timer = setTimeout(callback, delayMs)
        return () => clearTimeout(timer)
      },
    },
    random: { next: () => Math.random() },
  }
}

/** Resolves after the delay; rejects with the signal's reason if that aborts first. */
export function pause(environment: ReplayEnvironment, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = environment.timers.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** As `pause`; what stops it resolves it at once. */
export async function pauseUnlessStopped(
  environment: ReplayEnvironment,
  delayMs: number,
  { signal, stop }: { readonly signal: AbortSignal; readonly stop: AbortSignal | undefined },
): Promise<void> {
  if (stop === undefined) return pause(environment, delayMs, signal)
  await pause(environment, delayMs, AbortSignal.any([signal, stop])).catch((reason: unknown) => {
    if (signal.aborted || !stop.aborted) throw reason
  })
}

const FIRST_BACKOFF_MS = 50
const LONGEST_BACKOFF_MS = 2000

/** Between 0 and a ceiling that doubles with each attempt: many writers that are throttled together come back apart. */
export function backoffMs(environment: ReplayEnvironment, attempt: number): number {
  return environment.random.next() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 10))
}
