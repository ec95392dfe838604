import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'

afterEach(() => {
  vi.useRealTimers()
})

describe("the machine's timers", () => {
  it.each([30, 60])('wait for %i days, which Node alone would turn into a millisecond', (days) => {
    vi.useFakeTimers()
    let fired = 0
    systemEnvironment().timers.after(days * 86_400_000, () => fired++)
    vi.advanceTimersByTime(days * 86_400_000 - 1)
    expect(fired).toBe(0)
    vi.advanceTimersByTime(1)
    expect(fired).toBe(1)
  })

  it('are cancelled for good, however often they were continued', () => {
    vi.useFakeTimers()
    let fired = 0
    const cancel = systemEnvironment().timers.after(60 * 86_400_000, () => fired++)
    vi.advanceTimersByTime(30 * 86_400_000)
    cancel()
    cancel()
    vi.advanceTimersByTime(60 * 86_400_000)
    expect(fired).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
