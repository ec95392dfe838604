/**
 * Settles as the work does, or rejects with the signal's reason: a function that ignores the signal must not hold up who
 * called it. What becomes of its work then is seen by nobody.
 */
export function unlessAborted<R>(signal: AbortSignal, work: Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
