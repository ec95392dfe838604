import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Slicing } from '../../../core/window/slicing.js'

test('slices are cut at window edges: each window is a run of whole slices, at most two a slide', () => {
  const cases = fc.record({
    sizeMs: fc.integer({ min: 1, max: 60 }),
    slideMs: fc.integer({ min: 1, max: 40 }),
    offsetMs: fc.integer({ min: -39, max: 39 }),
    timestamp: fc.integer({ min: -500, max: 500 }),
  })
  fc.assert(
    fc.property(cases, ({ sizeMs, slideMs, offsetMs, timestamp }) => {
      const slicing = new Slicing({ kind: 'sliding', time: 'event', sizeMs, slideMs, offsetMs })
      const ordinal = slicing.ordinalAt(timestamp)
      expect(slicing.sliceStart(ordinal)).toBeLessThanOrEqual(timestamp)
      expect(slicing.sliceStart(ordinal + 1)).toBeGreaterThan(timestamp)
      const holding: number[] = []
      for (let window = -600; window <= 600; window++) {
        const start = slicing.windowStart(window)
        if (timestamp >= start && timestamp < start + sizeMs) holding.push(window)
      }
      const first = slicing.firstWindow(ordinal)
      const last = slicing.lastWindow(ordinal)
      if (holding.length === 0) expect(last).toBeLessThan(first)
      else expect([first, last]).toEqual([holding[0], holding.at(-1)])
      for (const window of holding) {
        const from = slicing.firstSlice(window)
        expect(slicing.sliceStart(from)).toBe(slicing.windowStart(window))
        expect(slicing.sliceStart(from + slicing.slicesPerWindow)).toBe(slicing.windowStart(window) + sizeMs)
      }
    }),
    { numRuns: 500 },
  )
})
