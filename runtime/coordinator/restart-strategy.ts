import { type Duration, minutes, seconds } from '../../core/duration.js'
import { TidemarkError } from '../../core/errors.js'

/** What to do after a failure. Pure, but for the jitter that is handed in. */
export type RestartDecision = { readonly kind: 'restart'; readonly delayMs: number } | { readonly kind: 'fail' }

export interface RestartFacts {
  readonly now: number
  /** Failures so far, this one included; wall-clock times, oldest first. */
  readonly failures: readonly number[]
  /** Uniform in [0, 1). */
  readonly random: number
}

export interface RestartStrategy {
  readonly kind: string
  decide(facts: RestartFacts): RestartDecision
}

/** The first failure ends the job. */
export function noRestart(): RestartStrategy {
  return { kind: 'none', decide: () => ({ kind: 'fail' }) }
}

export interface FixedDelayOptions {
  /** Restarts in the life of a run. */
  readonly attempts: number
  readonly delay: Duration
}

/** Restarts a number of times, each after the same pause. */
export function fixedDelay(options: FixedDelayOptions): RestartStrategy {
  const { attempts, delay } = options
  checkAttempts(attempts)
  return {
    kind: `fixedDelay(${attempts}, ${delay.ms}ms)`,
    decide: ({ failures }) => (failures.length > attempts ? { kind: 'fail' } : { kind: 'restart', delayMs: delay.ms }),
  }
}

export interface ExponentialDelayOptions {
  /** Default 1 s. */
  readonly initial?: Duration
  /** Default 1 min. */
  readonly max?: Duration
  /** Default 1.5. */
  readonly multiplier?: number
  /** Share of the delay that is drawn at random, on both sides. Default 0.1. */
  readonly jitter?: number
  /** After running for so long without a failure the delay is the initial one again. Default 1 h. */
  readonly resetAfter?: Duration
  /** Failures in a row before the job ends. Default: never. */
  readonly attempts?: number
}

/** Restarts after pauses that grow. What Flink does by default when checkpoints are on. */
export function exponentialDelay(options: ExponentialDelayOptions = {}): RestartStrategy {
  const initial = (options.initial ?? seconds(1)).ms
  const max = (options.max ?? minutes(1)).ms
  const multiplier = options.multiplier ?? 1.5
  const jitter = options.jitter ?? 0.1
  const resetAfterMs = (options.resetAfter ?? minutes(60)).ms
  const attempts = options.attempts ?? Number.POSITIVE_INFINITY
  if (options.attempts !== undefined) checkAttempts(options.attempts)
  return {
    kind: `exponentialDelay(${initial}ms..${max}ms)`,
    decide({ failures, random }) {
      const inARow = failuresInARow(failures, resetAfterMs)
      if (inARow > attempts) return { kind: 'fail' }
      const delay = Math.min(max, initial * multiplier ** (inARow - 1))
      return { kind: 'restart', delayMs: delay * (1 + jitter * (2 * random - 1)) }
    },
  }
}

export interface FailureRateOptions {
  /** As many within the interval are followed by a restart; one more ends the job. */
  readonly failures: number
  readonly within: Duration
  /** Before each restart. */
  readonly delay: Duration
}

/** Restarts until failures come too fast. Flink's `failure-rate`. */
export function failureRate(options: FailureRateOptions): RestartStrategy {
  const { within, delay } = options
  checkAttempts(options.failures, 'failures')
  if (!(within.ms > 0)) {
    throw new TidemarkError({
      code: 'RESTART_STRATEGY_INVALID',
      domain: 'user',
      message: `within is ${within.ms} ms: it has to be longer than 0`,
    })
  }
  return {
    kind: `failureRate(${options.failures} in ${within.ms}ms, ${delay.ms}ms)`,
    decide({ now, failures }) {
      const recent = failures.filter((at) => now - at < within.ms).length
      return recent > options.failures ? { kind: 'fail' } : { kind: 'restart', delayMs: delay.ms }
    },
  }
}

function failuresInARow(failures: readonly number[], resetAfterMs: number): number {
  let count = 1
  for (let index = failures.length - 1; index > 0; index--) {
    if ((failures[index] as number) - (failures[index - 1] as number) >= resetAfterMs) break
    count++
  }
  return count
}

function checkAttempts(attempts: number, name = 'attempts'): void {
  if (Number.isInteger(attempts) && attempts >= 0) return
  throw new TidemarkError({
    code: 'RESTART_STRATEGY_INVALID',
    domain: 'user',
    message: `${name} is ${attempts}: it is a whole number from 0`,
  })
}
