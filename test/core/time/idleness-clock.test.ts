import { describe, expect, it } from 'vitest'
import { IdlenessClock } from '../../../core/time/idleness-clock.js'

const quiet = (now: number) => ({ now, caughtUp: true, paused: false })

describe('the idleness clock of a split', () => {
  it('runs while the split is caught up, and runs out after the set time', () => {
    const clock = new IdlenessClock(60)
    clock.look(quiet(0))
    clock.look(quiet(30))
    expect(clock.remainingMs).toBe(30)
    clock.look(quiet(59))
    expect(clock.isIdle).toBe(false)
    clock.look(quiet(60))
    expect(clock.isIdle).toBe(true)
    expect(clock.remainingMs).toBeUndefined()
  })

  it('runs from the assignment for a split that never had a record', () => {
    const clock = new IdlenessClock(10)
    clock.look(quiet(1_000))
    clock.look(quiet(1_010))
    expect(clock.isIdle).toBe(true)
  })

  it('is set back by records', () => {
    const clock = new IdlenessClock(60)
    clock.look(quiet(0))
    clock.look(quiet(59))
    clock.onRecords()
    clock.look(quiet(60))
    clock.look(quiet(119))
    expect(clock.isIdle).toBe(false)
    clock.look(quiet(120))
    expect(clock.isIdle).toBe(true)
    clock.onRecords()
    expect(clock.isIdle).toBe(false)
  })

  it.each([
    ['not caught up (throttled, failing, in flight)', { caughtUp: false, paused: false }],
    ['paused (alignment, backpressure)', { caughtUp: true, paused: true }],
  ])('stands while the split is %s, and goes on after it', (_name, state) => {
    const clock = new IdlenessClock(60)
    clock.look(quiet(0))
    clock.look(quiet(40))
    clock.look({ now: 41, ...state })
    expect(clock.remainingMs).toBeUndefined()
    clock.look({ now: 5_000, ...state })
    clock.look(quiet(5_001))
    expect(clock.isIdle).toBe(false)
    expect(clock.remainingMs).toBe(20)
    clock.look(quiet(5_021))
    expect(clock.isIdle).toBe(true)
  })

  it('never runs out when idleness is turned off', () => {
    const clock = new IdlenessClock(undefined)
    clock.look(quiet(0))
    clock.look(quiet(1e12))
    expect(clock.isIdle).toBe(false)
    expect(clock.remainingMs).toBeUndefined()
  })
})
