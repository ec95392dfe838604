export interface StopRequest {
  readonly promise: Promise<void>
  dispose(): void
}

/** Resolves at SIGINT, SIGTERM or when `signal` aborts. A second signal has its usual effect. */
export function stopRequest(signal: AbortSignal | undefined): StopRequest {
  let stop = (): void => {}
  const promise = new Promise<void>((resolve) => {
    stop = () => resolve()
  })
  const dispose = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    signal?.removeEventListener('abort', stop)
  }
  const onSignal = (): void => {
    dispose()
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  return { promise, dispose }
}
