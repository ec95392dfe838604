/*
 * New York is small enough for a flat map: metres east and north of the corner of Fifth Avenue and 14th Street.
 */

const ORIGIN = { latitude: 40.7357, longitude: -73.993 }
const METRES_PER_DEGREE_NORTH = 111_050
const METRES_PER_DEGREE_EAST = 84_300

export interface Point {
  readonly east: number
  readonly north: number
}

export function pointAt(latitude: number, longitude: number): Point {
  return {
    east: (longitude - ORIGIN.longitude) * METRES_PER_DEGREE_EAST,
    north: (latitude - ORIGIN.latitude) * METRES_PER_DEGREE_NORTH,
  }
}

/** Rounded to 6 decimals, as the taxis' meters gave them. */
export function latitudeOf(north: number): number {
  return Math.round((ORIGIN.latitude + north / METRES_PER_DEGREE_NORTH) * 1e6) / 1e6
}

export function longitudeOf(east: number): number {
  return Math.round((ORIGIN.longitude + east / METRES_PER_DEGREE_EAST) * 1e6) / 1e6
}

export type Polygon = readonly Point[]

export function polygon(corners: readonly (readonly [latitude: number, longitude: number])[]): Polygon {
  return corners.map(([latitude, longitude]) => pointAt(latitude, longitude))
}

/** Whether a ray to the east crosses the outline an odd number of times. */
export function polygonContains(outline: Polygon, east: number, north: number): boolean {
  let isInside = false
  let previous = outline.at(-1)
  for (const corner of outline) {
    if (previous !== undefined && corner.north > north !== previous.north > north) {
      const crossing =
        corner.east + ((north - corner.north) / (previous.north - corner.north)) * (previous.east - corner.east)
      if (east < crossing) isInside = !isInside
    }
    previous = corner
  }
  return isInside
}
