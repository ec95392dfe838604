import { describe, expect, it } from 'vitest'
import { geohashBounds } from '../../../../../examples/taxi/geo/index.js'
import {
  cameraOf,
  pixelsPerKilometre,
  projectX,
  projectY,
  zoomAt,
} from '../../../../../examples/taxi/report/client/projection.js'

describe('projection', () => {
  it('draws a cell in its true proportions: 116 by 153 metres at Times Square', () => {
    const { minLatitude, maxLatitude, minLongitude, maxLongitude } = geohashBounds('dr5ru7k')
    const scale = 1e6
    const metres = (units: number) => ((units * scale) / pixelsPerKilometre(scale, minLatitude)) * 1000
    expect(metres(projectX(maxLongitude) - projectX(minLongitude))).toBeCloseTo(115.9, 0)
    expect(metres(projectY(minLatitude) - projectY(maxLatitude))).toBeCloseTo(152.8, 0)
  })

  it('shows an extent whole and in the middle of the frame', () => {
    const extent = { west: 0.25, east: 0.26, north: 0.3, south: 0.305 }
    const camera = cameraOf(extent, { left: 100, top: 10, width: 400, height: 400 })
    expect((extent.west - camera.x) * camera.scale).toBeCloseTo(100)
    expect((extent.east - camera.x) * camera.scale).toBeCloseTo(500)
    expect((extent.north - camera.y) * camera.scale).toBeCloseTo(110)
    expect((extent.south - camera.y) * camera.scale).toBeCloseTo(310)
  })

  it('keeps the point under the pointer where it is while zooming', () => {
    const zoomed = zoomAt({ scale: 100, x: 3, y: 4 }, 2.5, 60, 80)
    expect(zoomed.x + 60 / zoomed.scale).toBeCloseTo(3.6)
    expect(zoomed.y + 80 / zoomed.scale).toBeCloseTo(4.8)
  })
})
