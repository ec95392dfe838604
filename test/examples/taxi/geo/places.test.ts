import { describe, expect, it } from 'vitest'
import { airportAt, inNewYork } from '../../../../examples/taxi/geo/index.js'

describe('New York', () => {
  it.each([
    [40.56, -74.054],
    [40.878, -73.722],
    [40.56, -73.722],
    [40.878, -74.054],
    [40.745, -73.898],
  ])('holds %d, %d: edges are inclusive', (latitude, longitude) => {
    expect(inNewYork(latitude, longitude)).toBe(true)
  })

  it.each([
    [0, 0],
    [40.5599999, -74],
    [40.8780001, -74],
    [40.7, -74.0540001],
    [40.7, -73.7219999],
    [Number.NaN, -74],
  ])('does not hold %d, %d', (latitude, longitude) => {
    expect(inNewYork(latitude, longitude)).toBe(false)
  })
})

describe('airports', () => {
  it.each([
    ['JFK', 40.632, -73.8],
    ['JFK', 40.654, -73.761],
    ['LGA', 40.766, -73.881],
    ['LGA', 40.778, -73.859],
    [undefined, 40.6541, -73.78],
    [undefined, 40.7781, -73.87],
    [undefined, 40.643, -73.7609],
    [undefined, 40.77, -73.8811],
  ])('%s has the drop-off %d, %d', (code, latitude, longitude) => {
    expect(airportAt(latitude, longitude)).toBe(code)
  })
})
