import { describe, expect, it } from 'vitest'
import { labDistance, labOfRgb, palette } from '../../../../../examples/taxi/report/shared/palette.js'

describe('palette', () => {
  const labs = palette(24).map(labOfRgb)
  const gaps = labs.slice(1).map((lab, i) => labDistance(labs[i]!, lab))

  it('steps evenly to the eye: no step in OKLab is a tenth off the mean', () => {
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    for (const gap of gaps) expect(Math.abs(gap / mean - 1)).toBeLessThan(0.1)
  })

  it('only ever gets lighter, so it reads in grey too', () => {
    labs.slice(1).forEach(([lightness], i) => {
      expect(lightness).toBeGreaterThan(labs[i]![0])
    })
  })
})
