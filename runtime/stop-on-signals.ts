import type { Duration } from '../core/duration.js'
import type { Environment } from '../core/environment.js'
import { systemEnvironment } from './environment/system.js'
import type { JobHandle } from './local/handle.js'

/** EX_TEMPFAIL of sysexits.h: nothing is lost, a start that resumes goes on. */
export const GRACE_ENDED_EXIT_CODE = 75

export interface StopOnSignalsOptions {
  /**
   * How long the last checkpoint may take; then the process exits with 75, and a start that resumes goes on from the
   * checkpoint before. Choose it shorter than what the platform waits before it kills. Default: no limit.
   */
  readonly grace?: Duration
  /** Told what happens. Default: errors go to standard error. */
  readonly say?: (level: 'info' | 'error', message: string) => void
  readonly environment?: Pick<Environment, 'timers'>
}

/**
 * Stops a job gracefully on SIGINT and SIGTERM: a last checkpoint, then out. A second signal ends the process at once,
 * with the exit code that a shell expects. The result stops listening.
 */
export function stopOnSignals(
  handle: Pick<JobHandle, 'stop' | 'result'>,
  options: StopOnSignalsOptions = {},
): () => void {
  const { grace, say = sayErrors, environment = systemEnvironment() } = options
  let stopping = false
  let cancelGrace = (): void => {}
  const onGraceEnd = (limit: Duration): void => {
    say(
      'error',
      `the last checkpoint was not complete after the grace period of ${limit.ms / 1000} s: a start with resume goes on from the one before`,
    )
    process.exit(GRACE_ENDED_EXIT_CODE)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143)
    stopping = true
    say('info', `${signal}: stopping with a last checkpoint; a second signal ends at once`)
    if (grace) cancelGrace = environment.timers.after(grace.ms, () => onGraceEnd(grace))
    // What goes wrong is told by handle.result, which the caller awaits.
    handle.stop().catch(() => undefined)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const ignore = (): void => {
    cancelGrace()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  handle.result.then(ignore, ignore)
  return ignore
}

function sayErrors(level: 'info' | 'error', message: string): void {
  if (level === 'error') process.stderr.write(`${message}\n`)
}
