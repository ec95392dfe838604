import type { JobHandle } from './local/handle.js'

/**
 * Stops a job gracefully on SIGINT and SIGTERM: a last checkpoint, then out. A second signal ends the process at once,
 * with the exit code that a shell expects. The result stops listening.
 */
export function stopOnSignals(handle: JobHandle): () => void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143)
    stopping = true
    // What goes wrong is told by handle.result, which the caller awaits.
    handle.stop().catch(() => undefined)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const ignore = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  handle.result.then(ignore, ignore)
  return ignore
}
