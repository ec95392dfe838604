import { PointGrid, type PointGridOptions } from './point-grid.js'

/** Points in all grids that are kept. */
const MOST_POINTS = 100_000

/**
 * Grids of the keys that were used last: what follows from the state of a key, so that it need not be worked out anew for
 * each of its records. It holds for one subtask, whose keys are changed through it alone.
 */
export class GridCache {
  readonly #options: PointGridOptions
  readonly #most: number
  /** The one that was used last comes last. */
  readonly #grids = new Map<unknown, PointGrid>()

  constructor(options: PointGridOptions) {
    this.#options = options
    this.#most = Math.max(1, Math.floor(MOST_POINTS / options.capacity))
  }

  /** @param points of the key, the oldest first */
  gridOf(key: unknown, points: () => Iterable<readonly number[]>): PointGrid {
    const known = this.#grids.get(key)
    if (known !== undefined) {
      if (this.#grids.size > 1) {
        this.#grids.delete(key)
        this.#grids.set(key, known)
      }
      return known
    }
    const grid = new PointGrid(this.#options)
    for (const point of points()) grid.add(point)
    this.#grids.set(key, grid)
    if (this.#grids.size > this.#most) {
      for (const [oldest] of this.#grids) {
        this.#grids.delete(oldest)
        break
      }
    }
    return grid
  }
}
