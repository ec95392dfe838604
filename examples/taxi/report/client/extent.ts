import { AIRPORTS } from '../../geo/airports.js'
import type { Box } from '../../geo/box.js'
import { NEW_YORK } from '../../geo/new-york.js'
import type { Model } from './model.js'
import { type Extent, projectX, projectY } from './projection.js'

export function extentOfBox(box: Box): Extent {
  return {
    west: projectX(box.minLongitude),
    east: projectX(box.maxLongitude),
    north: projectY(box.maxLatitude),
    south: projectY(box.minLatitude),
  }
}

/** Where the pickups are: all but the outermost two in a thousand on each side, and the airports. */
export function extentOfPickups(model: Model): Extent {
  if (model.all.total === 0) return extentOfBox(NEW_YORK)
  const { counts, total } = model.all
  const quantiles = (edges: Float64Array): [number, number] => {
    const order = [...edges.keys()].sort((left, right) => edges[left]! - edges[right]!)
    const at = (share: number) => {
      let seen = 0
      for (const cell of order) {
        seen += counts[cell]!
        if (seen >= share * total) return edges[cell]!
      }
      return edges[order[order.length - 1]!]!
    }
    return [at(0.002), at(0.998)]
  }
  const [west, east] = quantiles(model.west)
  const [north, south] = quantiles(model.north)
  const boxes = AIRPORTS.map(({ box }) => extentOfBox(box))
  return {
    west: Math.min(west, ...boxes.map((box) => box.west)),
    east: Math.max(east, ...boxes.map((box) => box.east)),
    north: Math.min(north, ...boxes.map((box) => box.north)),
    south: Math.max(south, ...boxes.map((box) => box.south)),
  }
}
