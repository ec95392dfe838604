import { BROOKLYN_AND_QUEENS, CENTRAL_PARK, MANHATTAN, PROSPECT_PARK } from './land.js'
import { type Point, type Polygon, pointAt, polygonContains } from './plane.js'

/** A place on a street where a taxi can stop. */
export interface Curb extends Point {
  /** How busy it is where nothing draws taxis. */
  readonly base: number
}

type AddCurb = (east: number, north: number, base: number) => void

const STEP_METRES = 25

/** Manhattan's avenues: metres east of Fifth, and how busy they are. */
const AVENUES: readonly (readonly [offset: number, weight: number])[] = [
  [-1830, 0.8],
  [-1570, 0.8],
  [-1310, 1.6],
  [-1050, 1.8],
  [-800, 2.2],
  [-540, 2.2],
  [-275, 2.2],
  [0, 2.4],
  [145, 2.2],
  [285, 2.4],
  [425, 2.2],
  [580, 2.4],
  [790, 2.2],
  [1005, 2.2],
  [1215, 1.6],
  [1420, 1],
  [1620, 0.8],
]

const GRID_ANGLE = (28.9 * Math.PI) / 180
const BLOCK_METRES = 80.5
const ORIGIN_STREET = 14

/** All curbs of the city, in a fixed order. */
export function cityCurbs(): readonly Curb[] {
  const curbs: Curb[] = []
  const add: AddCurb = (east, north, base) => curbs.push({ east, north, base })
  addManhattan(add)
  addBroadway(add)
  for (const neighbourhood of NEIGHBOURHOODS) addNeighbourhood(add, neighbourhood)
  return curbs
}

const isManhattanStreet = (east: number, north: number): boolean =>
  polygonContains(MANHATTAN, east, north) && !polygonContains(CENTRAL_PARK, east, north)

function addManhattan(add: AddCurb): void {
  const addAt = (street: number, offset: number, weight: number): void => {
    const along = (street - ORIGIN_STREET) * BLOCK_METRES
    const east = along * Math.sin(GRID_ANGLE) + offset * Math.cos(GRID_ANGLE)
    const north = along * Math.cos(GRID_ANGLE) - offset * Math.sin(GRID_ANGLE)
    if (isManhattanStreet(east, north)) add(east, north, weight * businessOf(street))
  }
  for (const [offset, weight] of AVENUES) {
    for (let street = -45; street < 225; street += STEP_METRES / BLOCK_METRES) addAt(street, offset, weight)
  }
  for (let street = -45; street < 225; street++) {
    const isWide = [0, 14, 23, 34, 42, 57, 72, 79, 86, 96, 110, 125].includes(street)
    for (let offset = -2600; offset < 2600; offset += STEP_METRES) addAt(street, offset, isWide ? 1.8 : 0.7)
  }
}

/** How much of Manhattan's traffic a street by its number has where nothing draws it. */
function businessOf(street: number): number {
  if (street < 90) return 1
  return Math.max(0.06, Math.exp((90 - street) / 27))
}

/** The avenue that ignores the grid: from Bowling Green to Inwood. */
const BROADWAY = [
  pointAt(40.7046, -74.0142),
  pointAt(40.7195, -74.0018),
  pointAt(40.7359, -73.9906),
  pointAt(40.7589, -73.9851),
  pointAt(40.7681, -73.9819),
  pointAt(40.7786, -73.9819),
  pointAt(40.799, -73.9683),
  pointAt(40.8156, -73.9584),
  pointAt(40.839, -73.941),
  pointAt(40.8675, -73.9212),
] as const

function addBroadway(add: AddCurb): void {
  for (let index = 1; index < BROADWAY.length; index++) {
    const from = BROADWAY[index - 1] as Point // both are inside the list
    const to = BROADWAY[index] as Point
    const length = Math.hypot(to.east - from.east, to.north - from.north)
    for (let at = 0; at < length; at += STEP_METRES) {
      const east = from.east + ((to.east - from.east) * at) / length
      const north = from.north + ((to.north - from.north) * at) / length
      if (isManhattanStreet(east, north)) add(east, north, north < 9000 ? 2.6 : 0.4)
    }
  }
}

/** A patch of streets with a grid of its own outside Manhattan. */
interface Neighbourhood {
  readonly centre: Point
  readonly angle: number
  readonly radius: number
  readonly weight: number
}

const neighbourhood = (
  latitude: number,
  longitude: number,
  { angle, radius, weight }: Omit<Neighbourhood, 'centre'>,
): Neighbourhood => ({ centre: pointAt(latitude, longitude), angle: (angle * Math.PI) / 180, radius, weight })

const NEIGHBOURHOODS: readonly Neighbourhood[] = [
  /* Williamsburg */ neighbourhood(40.7135, -73.957, { angle: 33, radius: 900, weight: 0.9 }),
  /* Greenpoint */ neighbourhood(40.729, -73.9535, { angle: 10, radius: 700, weight: 0.45 }),
  /* Downtown Brooklyn */ neighbourhood(40.6905, -73.987, { angle: 12, radius: 800, weight: 0.81 }),
  /* Cobble Hill */ neighbourhood(40.68, -73.995, { angle: 28, radius: 800, weight: 0.54 }),
  /* Fort Greene */ neighbourhood(40.688, -73.971, { angle: -8, radius: 800, weight: 0.45 }),
  /* Park Slope */ neighbourhood(40.6705, -73.981, { angle: 34, radius: 900, weight: 0.54 }),
  /* Crown Heights */ neighbourhood(40.675, -73.952, { angle: -6, radius: 1100, weight: 0.18 }),
  /* Bushwick */ neighbourhood(40.702, -73.927, { angle: 42, radius: 1100, weight: 0.22 }),
  /* Long Island City */ neighbourhood(40.746, -73.946, { angle: 33, radius: 800, weight: 0.63 }),
  /* Astoria */ neighbourhood(40.765, -73.923, { angle: 35, radius: 1100, weight: 0.45 }),
  /* Sunnyside */ neighbourhood(40.744, -73.92, { angle: 8, radius: 900, weight: 0.29 }),
  /* Jackson Heights */ neighbourhood(40.7485, -73.887, { angle: -8, radius: 1000, weight: 0.25 }),
  /* Forest Hills */ neighbourhood(40.722, -73.847, { angle: 35, radius: 1000, weight: 0.14 }),
  /* Flushing */ neighbourhood(40.7585, -73.829, { angle: 20, radius: 700, weight: 0.11 }),
  /* Jamaica */ neighbourhood(40.703, -73.802, { angle: 15, radius: 800, weight: 0.11 }),
]

const PATCH_PARKS: readonly Polygon[] = [PROSPECT_PARK]

function addNeighbourhood(add: AddCurb, { centre, angle, radius, weight }: Neighbourhood): void {
  const reach = radius * 2.2
  const addAt = (along: number, across: number, share: number): void => {
    const east = centre.east + along * Math.sin(angle) + across * Math.cos(angle)
    const north = centre.north + along * Math.cos(angle) - across * Math.sin(angle)
    if (!polygonContains(BROOKLYN_AND_QUEENS, east, north)) return
    if (PATCH_PARKS.some((park) => polygonContains(park, east, north))) return
    add(east, north, weight * share * Math.exp(-(along * along + across * across) / (2 * radius * radius)))
  }
  for (let line = -reach; line < reach; line += 4 * STEP_METRES) {
    for (let at = -reach; at < reach; at += STEP_METRES) {
      addAt(line, at, 0.6)
      if (Math.round(line / STEP_METRES) % 8 === 0) addAt(at, line, 1.4)
    }
  }
}
