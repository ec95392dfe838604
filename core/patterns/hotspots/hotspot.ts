/** A region of the window that is dense with points, as a box. `D` names the dimensions. */
export interface Hotspot<D extends string> {
  readonly pointsCount: number
  /** Points by size of the box, of which no side counts for less than the scan radius. */
  readonly density: number
  /** The least value of its points, in each dimension. */
  readonly minValues: Readonly<Record<D, number>>
  readonly maxValues: Readonly<Record<D, number>>
}

/** A hotspot as the grid finds it, with dimensions by number. */
export interface Region {
  readonly pointsCount: number
  readonly min: readonly number[]
  readonly max: readonly number[]
}

export function hotspotOf<D extends string>(
  { pointsCount, min, max }: Region,
  { names, scanRadius }: { readonly names: readonly D[]; readonly scanRadius: number },
): Hotspot<D> {
  const minValues: Partial<Record<D, number>> = {}
  const maxValues: Partial<Record<D, number>> = {}
  let size = 1
  for (const [dimension, name] of names.entries()) {
    const [least, most] = [min[dimension]!, max[dimension]!]
    minValues[name] = least
    maxValues[name] = most
    size *= Math.max(most - least, scanRadius)
  }
  // Each name was set.
  const values = { minValues, maxValues } as Pick<Hotspot<D>, 'minValues' | 'maxValues'>
  return { pointsCount, density: pointsCount / size, ...values }
}

/** Most points first; where they are equal by the corners, so that the order follows from the points alone. */
export function byPoints(a: Region, b: Region): number {
  return b.pointsCount - a.pointsCount || inOrder(a.min, b.min) || inOrder(a.max, b.max)
}

/** Of coordinates, the first dimension first. */
export function inOrder(a: readonly number[], b: readonly number[]): number {
  for (let dimension = 0; dimension < a.length; dimension++) {
    const difference = a[dimension]! - b[dimension]!
    if (difference !== 0) return difference
  }
  return 0
}
