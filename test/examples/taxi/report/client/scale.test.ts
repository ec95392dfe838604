import { describe, expect, it } from 'vitest'
import { fitCells } from '../../../../../examples/taxi/report/cells.js'
import { byRank, modelOf, rankOf } from '../../../../../examples/taxi/report/client/model.js'
import { faint, levelOf, maximumOf, ramp } from '../../../../../examples/taxi/report/client/scale.js'
import { hour, midnight } from '../synthetic-day.js'

const row = (location: string, pickup_count: number, at: number) => ({
  location,
  pickup_count,
  timestamp: midnight + at * hour,
})
const rows = [row('dr5ru7k', 100, 1), row('dr5ru7m', 10, 1), row('dr5ru7q', 10, 1), row('dr5ru7k', 1, 2)]
const model = modelOf(fitCells(rows).encoded)
const choice = { step: 0, all: false, cell: undefined, playing: false }

describe('scale', () => {
  it('is logarithmic: each factor of ten is the same distance', () => {
    expect(levelOf(0, 1000)).toBe(0)
    expect(levelOf(1, 1000)).toBe(faint)
    expect(levelOf(1000, 1000)).toBe(1)
    expect(levelOf(100, 1000) - levelOf(10, 1000)).toBeCloseTo(levelOf(10, 1000) - levelOf(1, 1000))
  })

  it('is the same for every hour, and another for all hours together', () => {
    expect(maximumOf(model, { ...choice, step: 0 })).toBe(100)
    expect(maximumOf(model, { ...choice, step: 1 })).toBe(100)
    expect(maximumOf(model, { ...choice, all: true })).toBe(101)
  })

  it('runs away from the ground: lighter on dark pages, darker on light ones', () => {
    const sum = (rgb: readonly number[]) => rgb.reduce((total, value) => total + value, 0)
    const [dark, light] = [ramp(16, true), ramp(16, false)]
    expect(sum(dark[15]!)).toBeGreaterThan(sum(dark[0]!))
    expect(sum(light[15]!)).toBeLessThan(sum(light[0]!))
  })
})

describe('ranks', () => {
  it('are shared by cells with the same count', () => {
    const [view] = model.views
    expect(model.geohashes).toEqual(['dr5ru7k', 'dr5ru7m', 'dr5ru7q'])
    expect([0, 1, 2].map((cell) => rankOf(view!, cell))).toEqual([1, 2, 2])
    expect(byRank(view!)).toEqual([0, 1, 2])
  })
})
