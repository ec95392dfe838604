import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '../../../core/duration.js'
import {
  exponentialDelay,
  failureRate,
  fixedDelay,
  noRestart,
  type RestartFacts,
} from '../../../runtime/coordinator/restart-strategy.js'

const afterFailures = (...failures: number[]): RestartFacts => ({ now: failures.at(-1) ?? 0, failures, random: 0.5 })

describe('restart strategies', () => {
  it('none ends the job at the first failure', () => {
    expect(noRestart().decide(afterFailures(0))).toEqual({ kind: 'fail' })
  })

  it('fixed delay restarts as often as told', () => {
    const strategy = fixedDelay({ attempts: 2, delay: seconds(3) })
    expect(strategy.decide(afterFailures(0))).toEqual({ kind: 'restart', delayMs: 3000 })
    expect(strategy.decide(afterFailures(0, 1))).toEqual({ kind: 'restart', delayMs: 3000 })
    expect(strategy.decide(afterFailures(0, 1, 2))).toEqual({ kind: 'fail' })
  })

  it.each([-1, 1.5, Number.NaN])('refuses %s attempts', (attempts) => {
    expect(() => fixedDelay({ attempts, delay: seconds(1) })).toThrow(
      expect.objectContaining({ code: 'RESTART_STRATEGY_INVALID' }),
    )
    expect(() => exponentialDelay({ attempts })).toThrow(expect.objectContaining({ code: 'RESTART_STRATEGY_INVALID' }))
  })

  it('failure rate restarts until failures come too fast, and forgets those that are long ago', () => {
    const strategy = failureRate({ failures: 2, within: seconds(10), delay: seconds(3) })
    expect(strategy.decide(afterFailures(0))).toEqual({ kind: 'restart', delayMs: 3000 })
    expect(strategy.decide(afterFailures(0, 9999))).toEqual({ kind: 'restart', delayMs: 3000 })
    expect(strategy.decide(afterFailures(0, 5000, 9999))).toEqual({ kind: 'fail' })
    expect(strategy.decide(afterFailures(0, 5000, 10_000))).toEqual({ kind: 'restart', delayMs: 3000 })
  })

  it.each([
    { failures: -1, within: seconds(1) },
    { failures: 1, within: seconds(0) },
  ])('refuses a failure rate of $failures within $within.ms ms', (options) => {
    expect(() => failureRate({ ...options, delay: seconds(1) })).toThrow(
      expect.objectContaining({ code: 'RESTART_STRATEGY_INVALID' }),
    )
  })

  it('exponential delay grows up to its maximum and never gives up by default', () => {
    const strategy = exponentialDelay({ initial: seconds(1), max: seconds(4), multiplier: 2 })
    const delays = [1, 2, 3, 4, 50].map((count) => {
      const decision = strategy.decide(afterFailures(...Array.from({ length: count }, (_, at) => at)))
      return decision.kind === 'restart' ? Math.round(decision.delayMs) : 'fail'
    })
    expect(delays).toEqual([1000, 2000, 4000, 4000, 4000])
  })

  it('exponential delay begins anew after a time without failure', () => {
    const strategy = exponentialDelay({ initial: seconds(1), multiplier: 2, resetAfter: minutes(1) })
    expect(strategy.decide(afterFailures(0, 1, 2, 60_002))).toMatchObject({ delayMs: 1000 })
  })

  it('exponential delay ends after a number of failures in a row', () => {
    const strategy = exponentialDelay({ attempts: 2, resetAfter: minutes(1) })
    expect(strategy.decide(afterFailures(0, 1)).kind).toBe('restart')
    expect(strategy.decide(afterFailures(0, 1, 2)).kind).toBe('fail')
    expect(strategy.decide(afterFailures(0, 100_000, 200_000)).kind).toBe('restart')
  })

  it('exponential delay spreads restarts by its jitter', () => {
    const strategy = exponentialDelay({ initial: seconds(1), jitter: 0.5 })
    expect(strategy.decide({ ...afterFailures(0), random: 0 })).toMatchObject({ delayMs: 500 })
    expect(strategy.decide({ ...afterFailures(0), random: 0.999 })).toMatchObject({ delayMs: expect.closeTo(1499, 0) })
  })
})
