import fc from 'fast-check'
import ngeohash from 'ngeohash'
import { describe, expect, it } from 'vitest'
import { geohash, geohashBounds } from '../../../../examples/taxi/geo/index.js'

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'
const anyLatitude = fc.double({ min: -90, max: 90, noNaN: true })
const anyLongitude = fc.double({ min: -180, max: 180, noNaN: true })
const anyPrecision = fc.integer({ min: 1, max: 12 })

/** Halving by comparison, as the definition has it, with the middle in the upper half. */
function byHalving(latitude: number, longitude: number, precision: number): string {
  const ranges = [
    { min: -180, max: 180, value: longitude },
    { min: -90, max: 90, value: latitude },
  ]
  let hash = ''
  for (let bit = 0, bits = 0; bit < precision * 5; bit++) {
    const axis = ranges[bit % 2]!
    const middle = (axis.min + axis.max) / 2
    const isUpper = axis.value >= middle
    if (isUpper) axis.min = middle
    else axis.max = middle
    bits = (bits << 1) | (isUpper ? 1 : 0)
    if (bit % 5 === 4) {
      hash += ALPHABET.charAt(bits & 31)
      bits = 0
    }
  }
  return hash
}

describe('geohash', () => {
  it('knows the published example', () => {
    expect(geohash(57.64911, 10.40744, 11)).toBe('u4pruydqqvj')
  })

  it('equals ngeohash for points that lie on no edge', () => {
    fc.assert(
      fc.property(anyLatitude, anyLongitude, anyPrecision, (latitude, longitude, precision) => {
        const bounds = geohashBounds(geohash(latitude, longitude, 12))
        fc.pre(latitude !== bounds.minLatitude && longitude !== bounds.minLongitude)
        expect(geohash(latitude, longitude, precision)).toBe(ngeohash.encode(latitude, longitude, precision))
      }),
      { numRuns: 2000 },
    )
  })

  it('gives an edge, and what is one unit off it, to the cell that halving chooses', () => {
    const nudge = fc.constantFrom(-1, 0, 1)
    fc.assert(
      fc.property(
        anyPrecision,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        nudge,
        (precision, x, y, direction) => {
          const bounds = geohashBounds(geohash(y * 180 - 90, x * 360 - 180, precision))
          const latitude = bounds.minLatitude * (1 + direction * Number.EPSILON)
          const longitude = bounds.minLongitude * (1 + direction * Number.EPSILON)
          expect(geohash(latitude, longitude, precision)).toBe(byHalving(latitude, longitude, precision))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('keeps points of New York in cells whose bounds hold them, as ngeohash has them', () => {
    const latitudes = fc.double({ min: 40.56, max: 40.878, noNaN: true })
    const longitudes = fc.double({ min: -74.054, max: -73.722, noNaN: true })
    fc.assert(
      fc.property(latitudes, longitudes, fc.constantFrom(6, 7), (latitude, longitude, precision) => {
        const hash = geohash(latitude, longitude, precision)
        const bounds = geohashBounds(hash)
        expect(latitude >= bounds.minLatitude && latitude < bounds.maxLatitude).toBe(true)
        expect(longitude >= bounds.minLongitude && longitude < bounds.maxLongitude).toBe(true)
        const [minLatitude, minLongitude, maxLatitude, maxLongitude] = ngeohash.decode_bbox(hash)
        expect(bounds.minLatitude).toBeCloseTo(minLatitude, 10)
        expect(bounds.minLongitude).toBeCloseTo(minLongitude, 10)
        expect(bounds.maxLatitude).toBeCloseTo(maxLatitude, 10)
        expect(bounds.maxLongitude).toBeCloseTo(maxLongitude, 10)
      }),
      { numRuns: 1000 },
    )
  })

  it('puts the poles and the date line into the outermost cells', () => {
    expect(geohash(90, 180, 12)).toBe('zzzzzzzzzzzz')
    expect(geohash(-90, -180, 12)).toBe('000000000000')
  })
})

describe('geohash bounds', () => {
  it.each(['', 'dr5ra', 'DR5', 'dr5r u', '0123456789bcd'])('refuses %o unless it is a geohash', (hash) => {
    expect(() => geohashBounds(hash)).toThrow(`'${hash}' is not a geohash`)
  })
})
