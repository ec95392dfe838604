/*
 * What hotspots are, by plain code that compares every point with every other one: nothing of it is Tidemark's.
 */
export interface ReferenceRegion {
  readonly pointsCount: number
  readonly min: readonly number[]
  readonly max: readonly number[]
}

export function areNear(a: readonly number[], b: readonly number[], radius: number): boolean {
  return a.reduce((sum, value, dimension) => sum + (value - b[dimension]!) ** 2, 0) <= radius * radius
}

/** The points that a point is linked to, itself too, as indices. */
export function linkedTo(first: number, points: readonly (readonly number[])[], radius: number): number[] {
  const found = [first]
  for (const at of found) {
    for (const [other, point] of points.entries()) {
      if (!found.includes(other) && areNear(points[at]!, point, radius)) found.push(other)
    }
  }
  return found
}

export function regionOfPoints(points: readonly (readonly number[])[]): ReferenceRegion {
  const byDimension = points[0]!.map((_, dimension) => points.map((point) => point[dimension]!))
  return {
    pointsCount: points.length,
    min: byDimension.map((values) => Math.min(...values)),
    max: byDimension.map((values) => Math.max(...values)),
  }
}

export function regionsOf(
  points: readonly (readonly number[])[],
  { radius, minimumPoints }: { readonly radius: number; readonly minimumPoints: number },
): ReferenceRegion[] {
  const left = new Set(points.keys())
  const regions: ReferenceRegion[] = []
  for (const first of left) {
    const linked = linkedTo(first, points, radius)
    for (const index of linked) left.delete(index)
    if (linked.length >= minimumPoints) regions.push(regionOfPoints(linked.map((index) => points[index]!)))
  }
  return regions
}
