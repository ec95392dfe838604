import { PROCESS_OPTIONS } from '../../stream/placement.js'
import type { ProcessOptions } from '../../stream/stream.js'
import { invalid, type Place, requireOptions } from '../settings.js'
import { valueInvalid } from '../value-invalid.js'
import { LARGEST } from './point-grid.js'

export interface HotspotOptions<in T, D extends string> extends ProcessOptions {
  /** The coordinates of a record, by name. All in one unit: distances are Euclidean. At most 8. */
  readonly dimensions: Readonly<Record<D, (value: T) => number>>
  /** The last so many points of a key are looked at, by event time: from 2 to 100,000. AWS has it from 100 to 1,000. */
  readonly windowSize: number
  /** Two points are near each other when they are at most so far apart. */
  readonly scanRadius: number
  /** Points that make a region a hotspot: from 2 to `windowSize`. */
  readonly minimumPoints: number
}

/** Checked. */
export interface HotspotSettings<T, D extends string> {
  readonly place: Place
  readonly names: readonly D[]
  readonly coordinates: readonly ((value: T) => number)[]
  readonly windowSize: number
  readonly scanRadius: number
  readonly minimumPoints: number
}

const MOST_DIMENSIONS = 8
const LARGEST_WINDOW = 100_000

const OPTIONS = {
  dimensions: true,
  windowSize: true,
  scanRadius: true,
  minimumPoints: true,
  every: true,
  ...PROCESS_OPTIONS,
} as const

/** @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID for a name that is no option */
export function settingsOf<T, D extends string>(
  place: Place,
  options: HotspotOptions<T, D> & { readonly every?: unknown },
): HotspotSettings<T, D> {
  requireOptions(place, options, OPTIONS)
  const { dimensions, windowSize, scanRadius, minimumPoints } = options
  if (typeof dimensions !== 'object' || dimensions === null) {
    throw invalid(place, 'expected dimensions to be functions by name, such as { x: (record) => record.x, ... }')
  }
  // The object's own keys are the names that its type says.
  const names = Object.keys(dimensions) as D[]
  if (names.length < 1 || names.length > MOST_DIMENSIONS) {
    throw invalid(place, `expected 1 to ${MOST_DIMENSIONS} dimensions, found ${names.length}`)
  }
  for (const name of names) {
    if (typeof dimensions[name] !== 'function') throw invalid(place, `expected dimension '${name}' to be a function`)
  }
  requireWhole(place, { name: 'windowSize', value: windowSize, most: LARGEST_WINDOW })
  requireWhole(place, { name: 'minimumPoints', value: minimumPoints, most: windowSize })
  if (!(Number.isFinite(scanRadius) && scanRadius > 0)) {
    throw invalid(place, `expected scanRadius to be a finite number above 0, found ${scanRadius}`)
  }
  return { place, names, coordinates: names.map((name) => dimensions[name]), windowSize, scanRadius, minimumPoints }
}

function requireWhole(
  place: Place,
  { name, value, most }: { readonly name: string; readonly value: number; readonly most: number },
): void {
  if (Number.isSafeInteger(value) && value >= 2 && value <= most) return
  throw invalid(place, `expected ${name} to be a whole number from 2 to ${most}, found ${value}`)
}

/** @throws TidemarkError PATTERN_VALUE_INVALID */
export function pointOf<T, D extends string>(value: T, settings: HotspotSettings<T, D>): number[] {
  const { place, names, coordinates, scanRadius } = settings
  return coordinates.map((coordinate, dimension) => {
    const found: unknown = coordinate(value)
    // -0 becomes 0: they are one place.
    if (typeof found === 'number' && Math.abs(found) <= scanRadius * LARGEST) return found + 0
    const expected = `a number at most ${LARGEST} scan radii from 0`
    throw valueInvalid(place, `dimension '${names[dimension]}'`, { expected, found })
  })
}
