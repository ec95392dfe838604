import { describe, expect, it } from 'vitest'
import { type Element, MIN_WATERMARK } from '../../../core/element.js'
import { WatermarkCoalescer } from '../../../core/time/coalescer.js'

const watermark = (timestamp: number): Element => ({ kind: 'watermark', timestamp })
const idle: Element = { kind: 'idleness', idle: true }
const active: Element = { kind: 'idleness', idle: false }
const NONE = Number.POSITIVE_INFINITY

describe('under a ceiling', () => {
  it('nothing above it goes out, and what was held back goes out when it is raised', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    coalescer.limit(5, MIN_WATERMARK)
    expect(coalescer.onWatermark(0, 3)).toEqual([watermark(3)])
    expect(coalescer.onWatermark(0, 9)).toEqual([watermark(5)])
    expect(coalescer.lowest).toBe(9)
    expect(coalescer.limit(7, MIN_WATERMARK)).toEqual([watermark(7)])
    expect(coalescer.limit(NONE, MIN_WATERMARK)).toEqual([watermark(9)])
  })

  it('a lower one takes nothing back', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    coalescer.onWatermark(0, 9)
    expect(coalescer.limit(5, MIN_WATERMARK)).toEqual([])
    expect(coalescer.emitted).toBe(9)
  })

  it('who has no active input says the ceiling instead of idleness, and is idle once there is none', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 0 })
    expect(coalescer.settle()).toEqual([idle])
    expect(coalescer.limit(5, MIN_WATERMARK)).toEqual([active, watermark(5)])
    expect(coalescer.limit(8, MIN_WATERMARK)).toEqual([watermark(8)])
    expect(coalescer.lowest).toBe(NONE)
    coalescer.addInput(8)
    expect(coalescer.lowest).toBe(8)
    expect(coalescer.settle()).toEqual([])
    expect(coalescer.onIdleness(0, true)).toEqual([])
    expect(coalescer.limit(NONE, MIN_WATERMARK)).toEqual([idle])
  })

  it('an input that wakes up joins when it has reached what others have said, not only this one', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    coalescer.onWatermark(0, 3)
    coalescer.onIdleness(0, true)
    coalescer.limit(9, 9)
    coalescer.onIdleness(0, false)
    expect(coalescer.isHolding(0)).toBe(false)
    expect(coalescer.lowest).toBe(NONE)
    coalescer.limit(9, 12)
    coalescer.onWatermark(0, 10)
    expect(coalescer.isHolding(0)).toBe(false)
    coalescer.onWatermark(0, 12)
    expect(coalescer.isHolding(0)).toBe(true)
    expect(coalescer.lowest).toBe(12)
  })
})

describe('inputs that come and go', () => {
  it('one that begins idle holds nothing back until it has something to say', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    const quiet = coalescer.addInput(3, 'idle')
    expect(coalescer.onWatermark(0, 9)).toEqual([watermark(9)])
    coalescer.onIdleness(quiet, false)
    expect(coalescer.onWatermark(0, 12)).toEqual([watermark(12)])
    coalescer.onWatermark(quiet, 12)
    expect(coalescer.onWatermark(0, 20)).toEqual([])
    expect(coalescer.onWatermark(quiet, 15)).toEqual([watermark(15)])
  })

  it('the number of one that was removed is used again, and nothing of it is left', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onWatermark(0, 4)
    coalescer.onWatermark(1, 8)
    coalescer.finishInput(0)
    coalescer.removeInput(0)
    expect(coalescer.addInput(8)).toBe(0)
    expect(coalescer.watermarkOf(0)).toBe(8)
    expect(coalescer.onWatermark(1, 10)).toEqual([])
    expect(coalescer.onWatermark(0, 9)).toEqual([watermark(9)])
  })
})
