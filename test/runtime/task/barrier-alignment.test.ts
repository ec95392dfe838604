import { describe, expect, it } from 'vitest'
import { BarrierAlignment } from '../../../runtime/task/barrier-alignment.js'

describe('aligned barriers', () => {
  it('make an input wait after its barrier until all inputs have delivered theirs', () => {
    const alignment = new BarrierAlignment(3)
    expect(alignment.onBarrier(0, 1)).toBe('waiting')
    expect([0, 1, 2].map((input) => alignment.isBlocked(input))).toEqual([true, false, false])
    expect(alignment.onBarrier(2, 1)).toBe('waiting')
    expect(alignment.onBarrier(1, 1)).toBe('complete')
    expect([0, 1, 2].some((input) => alignment.isBlocked(input))).toBe(false)
  })

  it('of a newer checkpoint abandon an older alignment', () => {
    const alignment = new BarrierAlignment(2)
    alignment.onBarrier(0, 1)
    expect(alignment.onBarrier(1, 2)).toBe('waiting')
    expect(alignment.isBlocked(0)).toBe(false)
    expect(alignment.onBarrier(0, 2)).toBe('complete')
  })

  it('are ignored when late: of an abandoned, a completed or a cancelled checkpoint', () => {
    const alignment = new BarrierAlignment(2)
    alignment.onBarrier(0, 1)
    alignment.onBarrier(1, 2)
    expect(alignment.onBarrier(1, 1)).toBe('dropped')
    expect(alignment.onBarrier(0, 2)).toBe('complete')
    expect(alignment.onBarrier(0, 2)).toBe('dropped')
    alignment.cancel(3)
    expect(alignment.onBarrier(0, 3)).toBe('dropped')
    expect(alignment.isBlocked(0)).toBe(false)
  })

  it('that are being collected are let go by a cancel', () => {
    const alignment = new BarrierAlignment(2)
    alignment.onBarrier(0, 5)
    alignment.cancel(5)
    expect(alignment.isBlocked(0)).toBe(false)
    expect(alignment.aligning).toBeUndefined()
    expect(alignment.onBarrier(1, 5)).toBe('dropped')
    expect(alignment.onBarrier(1, 6)).toBe('waiting')
  })
})
