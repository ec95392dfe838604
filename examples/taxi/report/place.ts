import { geohashBounds } from '../geo/index.js'
import { packGeohash } from './shared/geohash.js'

/** Latitude and longitude of a cell's centre in words, or undefined if the text names no cell. */
export function placeOf(geohash: string): string | undefined {
  if (geohash === '' || packGeohash(geohash) === undefined) return undefined
  const { minLatitude, maxLatitude, minLongitude, maxLongitude } = geohashBounds(geohash)
  return `${((minLatitude + maxLatitude) / 2).toFixed(4)}, ${((minLongitude + maxLongitude) / 2).toFixed(4)}`
}
