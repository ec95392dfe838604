import { TidemarkError } from 'tidemark'

/*
 * A geohash halves the longitude and the latitude in turn, beginning with the longitude, and writes five halvings as one
 * character. Two characters therefore hold five bits of each axis: cells are numbered per axis, and the text is looked
 * up in pairs.
 */

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz'
const MAX_PRECISION = 12

/** By five bits of longitude and five of latitude. */
const PAIRS: readonly string[] = Array.from({ length: 1024 }, (_, index) => {
  const interleaved = interleave(index >>> 5, index & 31, 5)
  return ALPHABET.charAt(interleaved >>> 5) + ALPHABET.charAt(interleaved & 31)
})

/** The last character of an odd length: by three bits of longitude and two of latitude. */
const LAST: readonly string[] = Array.from({ length: 32 }, (_, index) => {
  const longitude = index >>> 2
  const latitude = index & 3
  return ALPHABET.charAt((interleave(longitude >>> 1, latitude, 2) << 1) | (longitude & 1))
})

function interleave(first: number, second: number, bits: number): number {
  let mixed = 0
  for (let bit = bits - 1; bit >= 0; bit--) mixed = (mixed << 2) | (((first >>> bit) & 1) << 1) | ((second >>> bit) & 1)
  return mixed
}

/**
 * The number of the cell, counted from `min`, that holds `value`; lower edges belong to their cell. The product rounds,
 * so a value within one unit of an edge may come out next door: the edges themselves are exact (a few bits times a power
 * of two) and decide.
 */
function cellNumber(value: number, min: number, extent: number, bits: number): number {
  const cells = 2 ** bits
  const size = extent / cells
  let cell = Math.floor((value - min) / size)
  if (value < min + cell * size) cell--
  else if (value >= min + (cell + 1) * size) cell++
  return cell < 0 ? 0 : cell >= cells ? cells - 1 : cell
}

/**
 * The geohash of a point in degrees, 1 to 12 characters. What lies beyond the poles or the date line goes to the
 * outermost cell; coordinates must be finite.
 */
export function geohash(latitude: number, longitude: number, precision: number): string {
  const latitudeBits = Math.floor((precision * 5) / 2)
  const longitudeBits = precision * 5 - latitudeBits
  const latitudeCell = cellNumber(latitude, -90, 180, latitudeBits)
  const longitudeCell = cellNumber(longitude, -180, 360, longitudeBits)
  const odd = precision & 1
  let latitudeLeft = latitudeBits - 5
  let longitudeLeft = longitudeBits - 5
  let hash = ''
  for (let pair = precision >>> 1; pair > 0; pair--) {
    hash += PAIRS[(((longitudeCell >>> longitudeLeft) & 31) << 5) | ((latitudeCell >>> latitudeLeft) & 31)]
    latitudeLeft -= 5
    longitudeLeft -= 5
  }
  return odd === 0 ? hash : hash + LAST[((longitudeCell & 7) << 2) | (latitudeCell & 3)]
}

/** A cell in degrees; the lower edges belong to it, the upper ones do not. */
export interface GeohashBounds {
  readonly minLatitude: number
  readonly maxLatitude: number
  readonly minLongitude: number
  readonly maxLongitude: number
}

/** @throws TidemarkError GEOHASH_INVALID unless it has 1 to 12 characters of the geohash alphabet (lower case). */
export function geohashBounds(hash: string): GeohashBounds {
  let latitudeCell = 0
  let longitudeCell = 0
  let isLongitude = true
  for (let index = 0; index < hash.length; index++) {
    const bits = ALPHABET.indexOf(hash.charAt(index))
    if (bits < 0) throw invalidGeohash(hash)
    for (let bit = 4; bit >= 0; bit--) {
      if (isLongitude) longitudeCell = longitudeCell * 2 + ((bits >>> bit) & 1)
      else latitudeCell = latitudeCell * 2 + ((bits >>> bit) & 1)
      isLongitude = !isLongitude
    }
  }
  if (hash.length === 0 || hash.length > MAX_PRECISION) throw invalidGeohash(hash)
  const latitudeBits = Math.floor((hash.length * 5) / 2)
  const height = 180 / 2 ** latitudeBits
  const width = 360 / 2 ** (hash.length * 5 - latitudeBits)
  return {
    minLatitude: -90 + latitudeCell * height,
    maxLatitude: -90 + (latitudeCell + 1) * height,
    minLongitude: -180 + longitudeCell * width,
    maxLongitude: -180 + (longitudeCell + 1) * width,
  }
}

function invalidGeohash(hash: string): TidemarkError {
  return new TidemarkError({
    code: 'GEOHASH_INVALID',
    domain: 'user',
    message: `'${hash.slice(0, 20)}' is not a geohash: expected 1 to ${MAX_PRECISION} characters of ${ALPHABET}`,
  })
}
