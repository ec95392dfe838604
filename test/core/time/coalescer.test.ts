import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Element, MAX_WATERMARK, MIN_WATERMARK } from '../../../core/element.js'
import { WatermarkCoalescer } from '../../../core/time/coalescer.js'

const watermark = (timestamp: number): Element => ({ kind: 'watermark', timestamp })
const idle: Element = { kind: 'idleness', idle: true }
const active: Element = { kind: 'idleness', idle: false }

describe('the watermark of an operator', () => {
  it('is the minimum over its inputs', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    expect(coalescer.onWatermark(0, 10)).toEqual([])
    expect(coalescer.onWatermark(1, 5)).toEqual([watermark(5)])
    expect(coalescer.onWatermark(1, 20)).toEqual([watermark(10)])
    expect(coalescer.emitted).toBe(10)
    expect(coalescer.slowest).toBe(0)
  })

  it('ignores a regression and a repetition of an input', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    expect(coalescer.onWatermark(0, 10)).toEqual([watermark(10)])
    expect(coalescer.onWatermark(0, 9)).toEqual([])
    expect(coalescer.onWatermark(0, 10)).toEqual([])
    expect(coalescer.onWatermark(0, Number.NaN)).toEqual([])
    expect(coalescer.watermarkOf(0)).toBe(10)
  })

  it('does not wait for an idle input', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onWatermark(0, 10)
    expect(coalescer.onIdleness(1, true)).toEqual([watermark(10)])
    expect(coalescer.onWatermark(0, 20)).toEqual([watermark(20)])
  })

  it('ignores a watermark on an idle input', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onIdleness(1, true)
    expect(coalescer.onWatermark(1, 50)).toEqual([])
    expect(coalescer.watermarkOf(1)).toBe(MIN_WATERMARK)
  })

  it('waits for an input that woke up only once its own watermark has reached the last output', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onIdleness(1, true)
    coalescer.onWatermark(0, 100)
    expect(coalescer.onIdleness(1, false)).toEqual([])
    expect(coalescer.onWatermark(1, 50)).toEqual([])
    expect(coalescer.onWatermark(0, 110)).toEqual([watermark(110)])
    expect(coalescer.slowest).toBe(0)
    expect(coalescer.onWatermark(1, 110)).toEqual([])
    expect(coalescer.onWatermark(0, 200)).toEqual([])
    expect(coalescer.onWatermark(1, 150)).toEqual([watermark(150)])
  })

  it('counts an input at once that woke up ahead of the output', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onWatermark(1, 30)
    coalescer.onWatermark(0, 10)
    coalescer.onIdleness(1, true)
    coalescer.onWatermark(0, 20)
    coalescer.onIdleness(1, false)
    expect(coalescer.onWatermark(0, 40)).toEqual([watermark(30)])
  })

  it('stays where it is while no active input has reached it', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onIdleness(1, true)
    coalescer.onWatermark(0, 100)
    coalescer.onIdleness(1, false)
    expect(coalescer.onIdleness(0, true)).toEqual([])
    expect(coalescer.onWatermark(1, 60)).toEqual([])
    expect(coalescer.onWatermark(1, 101)).toEqual([watermark(101)])
  })

  it('when all inputs are idle is the maximum over them, and then idleness goes downstream', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 3 })
    coalescer.onWatermark(0, 10)
    coalescer.onWatermark(1, 30)
    coalescer.onWatermark(2, 20)
    expect(coalescer.onIdleness(1, true)).toEqual([])
    expect(coalescer.onIdleness(0, true)).toEqual([watermark(20)])
    expect(coalescer.onIdleness(2, true)).toEqual([watermark(30), idle])
    expect(coalescer.isIdle).toBe(true)
    expect(coalescer.onIdleness(2, true)).toEqual([])
  })

  it('is announced active before anything else when an input wakes up', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onIdleness(0, true)
    expect(coalescer.onIdleness(1, true)).toEqual([idle])
    expect(coalescer.onIdleness(0, false)).toEqual([active])
    expect(coalescer.onWatermark(0, 5)).toEqual([watermark(5)])
  })

  it('reaches the maximum at the end of all inputs, once', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    expect(coalescer.onWatermark(0, MAX_WATERMARK)).toEqual([])
    expect(coalescer.onWatermark(1, 7)).toEqual([watermark(7)])
    expect(coalescer.onWatermark(1, MAX_WATERMARK)).toEqual([watermark(MAX_WATERMARK)])
    expect(coalescer.onWatermark(1, MAX_WATERMARK)).toEqual([])
  })

  it('does not reach the maximum while an input that has not ended is idle', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onWatermark(0, 10)
    coalescer.onWatermark(1, 7)
    expect(coalescer.onWatermark(0, MAX_WATERMARK)).toEqual([])
    expect(coalescer.onIdleness(1, true)).toEqual([idle])
    expect(coalescer.onIdleness(1, false)).toEqual([active])
    expect(coalescer.onWatermark(1, 20)).toEqual([watermark(20)])
    expect(coalescer.onIdleness(1, true)).toEqual([idle])
    expect(coalescer.onIdleness(1, false)).toEqual([active])
    expect(coalescer.onWatermark(1, MAX_WATERMARK)).toEqual([watermark(MAX_WATERMARK)])
  })

  it('does not count a split that had finished before the checkpoint', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 0 })
    coalescer.addInput(100, 'finished')
    const open = coalescer.addInput(50)
    expect(coalescer.settle()).toEqual([watermark(50)])
    expect(coalescer.onWatermark(open, 60)).toEqual([watermark(60)])
  })

  it('of a source whose splits had all finished is their maximum, then idle', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 0 })
    coalescer.addInput(100, 'finished')
    expect(coalescer.settle()).toEqual([watermark(100), idle])
  })

  it('after a restore says nothing up to what the checkpoint stored, and waits for every input', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2, emitted: 100 })
    expect(coalescer.onWatermark(0, 100)).toEqual([])
    expect(coalescer.onWatermark(0, 150)).toEqual([])
    expect(coalescer.onWatermark(1, 90)).toEqual([])
    expect(coalescer.onWatermark(1, 120)).toEqual([watermark(120)])
  })

  it('is held by a new split until that has caught up, and never goes back', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 1 })
    coalescer.onWatermark(0, 100)
    const added = coalescer.addInput()
    expect(coalescer.settle()).toEqual([])
    expect(coalescer.onWatermark(0, 200)).toEqual([])
    expect(coalescer.onWatermark(added, 50)).toEqual([])
    expect(coalescer.onWatermark(added, 130)).toEqual([watermark(130)])
  })

  it('goes on without a split that has finished', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 2 })
    coalescer.onWatermark(0, 10)
    coalescer.onWatermark(1, 40)
    expect(coalescer.finishInput(0)).toEqual([watermark(40)])
    expect(coalescer.onWatermark(0, 99)).toEqual([])
    expect(coalescer.onIdleness(0, true)).toEqual([])
    expect(coalescer.finishInput(1)).toEqual([idle])
  })

  it('of a source without splits is idle, until it gets one', () => {
    const coalescer = new WatermarkCoalescer({ inputs: 0 })
    expect(coalescer.settle()).toEqual([idle])
    coalescer.addInput(25)
    expect(coalescer.settle()).toEqual([active, watermark(25)])
  })

  it('is strictly increasing and never beyond the slowest input that counts, whatever happens', () => {
    const step = fc.record({
      input: fc.nat(3),
      action: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.boolean(), fc.constant('finish' as const)),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const coalescer = new WatermarkCoalescer({ inputs: 4 })
        let last = MIN_WATERMARK
        let saidIdle = false
        for (const { input, action } of steps) {
          const elements =
            typeof action === 'number'
              ? coalescer.onWatermark(input, action)
              : typeof action === 'boolean'
                ? coalescer.onIdleness(input, action)
                : coalescer.finishInput(input)
          for (const element of elements) {
            if (element.kind === 'watermark') {
              expect(element.timestamp).toBeGreaterThan(last)
              expect(saidIdle).toBe(false)
              last = element.timestamp
            } else if (element.kind === 'idleness') {
              expect(element.idle).toBe(!saidIdle)
              saidIdle = element.idle
            }
          }
          const { slowest } = coalescer
          if (slowest !== undefined) expect(coalescer.watermarkOf(slowest)).toBe(coalescer.emitted)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
