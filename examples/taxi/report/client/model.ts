import { geohashBounds } from '../../geo/geohash.js'
import { decodeCells, type EncodedCells } from '../shared/payload.js'
import { projectX, projectY } from './projection.js'

/** The pickups, ready to draw: columns by cell, and for each view (a step, or all of them) a count for each cell. */
export interface Model {
  readonly hoursPerStep: number
  readonly starts: readonly number[]
  readonly geohashes: readonly string[]
  /** Projected edges of each cell; y grows to the south. */
  readonly west: Float64Array
  readonly east: Float64Array
  readonly north: Float64Array
  readonly south: Float64Array
  readonly views: readonly View[]
  readonly all: View
  /** The largest count of a cell in one step: the top of the scale that all steps share. */
  readonly stepMaximum: number
}

export interface View {
  readonly counts: Float64Array
  readonly total: number
  readonly occupied: number
  readonly maximum: number
}

export function modelOf(encoded: EncodedCells): Model {
  const data = decodeCells(encoded)
  const size = data.cells.length
  const [west, east] = [new Float64Array(size), new Float64Array(size)]
  const [north, south] = [new Float64Array(size), new Float64Array(size)]
  data.cells.forEach((geohash, i) => {
    const bounds = geohashBounds(geohash)
    west[i] = projectX(bounds.minLongitude)
    east[i] = projectX(bounds.maxLongitude)
    north[i] = projectY(bounds.maxLatitude)
    south[i] = projectY(bounds.minLatitude)
  })
  const sums = new Float64Array(size)
  const views = data.steps.map((step) => {
    const counts = new Float64Array(size)
    step.indices.forEach((cell, i) => {
      counts[cell] = step.counts[i]!
      sums[cell]! += step.counts[i]!
    })
    return viewOf(counts)
  })
  return {
    hoursPerStep: data.hoursPerStep,
    starts: data.steps.map((step) => step.startMs),
    geohashes: data.cells,
    west,
    east,
    north,
    south,
    views,
    all: viewOf(sums),
    stepMaximum: views.reduce((most, view) => Math.max(most, view.maximum), 0),
  }
}

/** Cells of a view from hottest to coolest; equal counts in the order of their geohash. */
export function byRank(view: View): readonly number[] {
  const cells: number[] = []
  view.counts.forEach((count, cell) => {
    if (count > 0) cells.push(cell)
  })
  return cells.sort((left, right) => view.counts[right]! - view.counts[left]! || left - right)
}

/** One more than the number of hotter cells, so cells with the same count share a rank. */
export function rankOf(view: View, cell: number): number {
  const count = view.counts[cell]!
  let rank = 1
  for (const other of view.counts) if (other > count) rank++
  return rank
}

function viewOf(counts: Float64Array): View {
  let [total, occupied, maximum] = [0, 0, 0]
  for (const count of counts) {
    if (count === 0) continue
    total += count
    occupied++
    if (count > maximum) maximum = count
  }
  return { counts, total, occupied, maximum }
}
