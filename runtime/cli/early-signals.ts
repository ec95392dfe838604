/**
 * Ends the process at once on SIGINT and SIGTERM, with the exit code that a shell expects, until the result is called.
 * The first process of a container has no such default: while a job is loaded and restored, it would not hear them.
 */
export function endOnSignals(): () => void {
  const end = (signal: NodeJS.Signals): void => process.exit(signal === 'SIGINT' ? 130 : 143)
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return () => {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
  }
}
