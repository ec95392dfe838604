import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PointGrid } from '../../../../core/patterns/hotspots/point-grid.js'
import { runs } from '../../../setup/runs.js'
import { linkedTo, type ReferenceRegion, regionOfPoints, regionsOf } from './reference.js'

const inOneOrder = (regions: readonly object[]): string[] => regions.map((region) => JSON.stringify(region)).sort()

function gridOf(points: readonly (readonly number[])[], radius: number, capacity = 100): PointGrid {
  const grid = new PointGrid({ dimensions: points[0]!.length, radius, capacity })
  for (const point of points) grid.add(point)
  return grid
}

describe('the grid of points', () => {
  test('links points that are exactly the radius apart, and no more', () => {
    expect(
      gridOf(
        [
          [0, 0],
          [3, 4],
        ],
        5,
      ).regions(2),
    ).toEqual([{ pointsCount: 2, min: [0, 0], max: [3, 4] }])
    expect(
      gridOf(
        [
          [0, 0],
          [3, 4.000001],
        ],
        5,
      ).regions(2),
    ).toEqual([])
  })

  test('links points by others between them', () => {
    const chain = [0, 1, 2, 3, 4].map((x) => [x, 0])
    expect(gridOf(chain, 1).regions(2)).toEqual([{ pointsCount: 5, min: [0, 0], max: [4, 0] }])
  })

  test('takes a region in two when the point that links it is the oldest and goes', () => {
    const grid = new PointGrid({ dimensions: 1, radius: 1, capacity: 5 })
    for (const x of [2, 0, 1, 3, 4]) grid.add([x])
    expect(grid.regions(2)).toHaveLength(1)
    grid.add([100])
    expect(inOneOrder(grid.regions(2))).toEqual(
      inOneOrder([
        { pointsCount: 2, min: [0], max: [1] },
        { pointsCount: 2, min: [3], max: [4] },
      ]),
    )
  })

  test('counts points at one place one by one, and forgets them one by one', () => {
    const grid = new PointGrid({ dimensions: 2, radius: 0.1, capacity: 3 })
    for (let n = 0; n < 7; n++) {
      const slot = grid.add([7, 7])
      expect(grid.regionOf(slot, 1)?.pointsCount).toBe(Math.min(n + 1, 3))
    }
  })

  test('finds what all pairs give, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0.5, 1, 1.5, Math.SQRT2, 2, 2.5, 5),
        fc.integer({ min: 2, max: 25 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(1, 0.1, 1e-3, 1e6),
        fc.array(fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 4, maxLength: 4 }), { maxLength: 60 }),
        (dimensions, radiusInSteps, capacity, minimumPoints, step, all) => {
          const radius = radiusInSteps * step
          const grid = new PointGrid({ dimensions, radius, capacity })
          const window: number[][] = []
          for (const values of all) {
            const point = values.slice(0, dimensions).map((value) => value * step)
            window.push(point)
            if (window.length > capacity) window.shift()
            const slot = grid.add(point)
            const linked = linkedTo(window.length - 1, window, radius)
            const expected: ReferenceRegion | undefined =
              linked.length < minimumPoints ? undefined : regionOfPoints(linked.map((index) => window[index]!))
            expect(grid.regionOf(slot, minimumPoints)).toEqual(expected)
          }
          expect(inOneOrder(grid.regions(minimumPoints))).toEqual(
            inOneOrder(regionsOf(window, { radius, minimumPoints })),
          )
        },
      ),
      runs(200),
    )
  })

  test('finds them among points anywhere, far from 0 too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1e3, -1e6, 9e8),
        fc.array(fc.tuple(fc.double({ min: 0, max: 8, noNaN: true }), fc.double({ min: 0, max: 8, noNaN: true })), {
          minLength: 1,
          maxLength: 40,
        }),
        (offset, all) => {
          const points = all.map((point) => point.map((value) => offset + value))
          expect(inOneOrder(gridOf(points, 1).regions(3))).toEqual(
            inOneOrder(regionsOf(points, { radius: 1, minimumPoints: 3 })),
          )
        },
      ),
      runs(200),
    )
  })
})
