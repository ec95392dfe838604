import type { Region } from './hotspot.js'

/** How many pairs of points of two cells are within the radius of each other. */
interface Link {
  readonly a: Cell
  readonly b: Cell
  pairs: number
}

interface Cell {
  /** Its place in the grid, a whole number for each dimension. */
  readonly at: readonly number[]
  readonly hash: number
  /** Slots of the points in it; never empty while it is in the grid. */
  readonly slots: number[]
  /** To every cell whose points can be within the radius. */
  readonly links: Link[]
  /** The walk that came by last. */
  walk: number
}

export interface PointGridOptions {
  readonly dimensions: number
  readonly radius: number
  /** Points that it holds: one more replaces the oldest. */
  readonly capacity: number
}

/** Below the side that makes the diagonal of a cell the radius, by more than coordinates up to `LARGEST` are rounded. */
const SHRINK = 1 - 1e-6
/** Of a coordinate, in radii. Beyond it the cell of a point could be its neighbour's. */
export const LARGEST = 1e9

/**
 * The last N points, in cells that are so small that all points of one are within the radius of each other (as in Gan and
 * Tao, "DBSCAN Revisited", SIGMOD 2015). So regions are walked cell by cell, and distances are measured only between a point
 * that comes or goes and those of the cells around it: for a point O(N) at most, never all pairs.
 */
export class PointGrid {
  readonly #dimensions: number
  readonly #radius: number
  readonly #side: number
  readonly #capacity: number
  readonly #reach: number
  readonly #coordinates: Float64Array
  readonly #cells = new Map<number, Cell[]>()
  readonly #cellOfSlot: Cell[] = []
  #cellCount = 0
  #added = 0
  #walks = 0

  constructor({ dimensions, radius, capacity }: PointGridOptions) {
    this.#dimensions = dimensions
    this.#radius = radius
    this.#side = (radius / Math.sqrt(dimensions)) * SHRINK
    this.#capacity = capacity
    this.#reach = Math.ceil(radius / this.#side)
    this.#coordinates = new Float64Array(dimensions * capacity)
  }

  /** Coordinates are finite, and at most `LARGEST` radii from 0. Returns the point's slot. */
  add(point: readonly number[]): number {
    const slot = this.#added % this.#capacity
    if (this.#added >= this.#capacity) this.#remove(slot)
    this.#added++
    for (let dimension = 0; dimension < this.#dimensions; dimension++) {
      this.#coordinates[slot * this.#dimensions + dimension] = point[dimension]!
    }
    const cell = this.#cellAt(point.map((value) => Math.floor(value / this.#side)))
    this.#count(cell, slot, 1)
    cell.slots.push(slot)
    this.#cellOfSlot[slot] = cell
    return slot
  }

  /** The region that a point belongs to, when it has so many points. */
  regionOf(slot: number, minimumPoints: number): Region | undefined {
    this.#walks++
    return this.#regionFrom(this.#cellOfSlot[slot]!, minimumPoints)
  }

  regions(minimumPoints: number): Region[] {
    this.#walks++
    const found: Region[] = []
    for (const cells of this.#cells.values()) {
      for (const cell of cells) {
        if (cell.walk === this.#walks) continue
        const region = this.#regionFrom(cell, minimumPoints)
        if (region !== undefined) found.push(region)
      }
    }
    return found
  }

  #remove(slot: number): void {
    const cell = this.#cellOfSlot[slot]!
    const at = cell.slots.indexOf(slot)
    cell.slots[at] = cell.slots.at(-1)!
    cell.slots.pop()
    this.#count(cell, slot, -1)
    if (cell.slots.length === 0) this.#drop(cell)
  }

  /** Adds `sign` for each point around that is within the radius. The point itself is in none of the cells around. */
  #count(cell: Cell, slot: number, sign: 1 | -1): void {
    for (const link of cell.links) {
      const { slots } = link.a === cell ? link.b : link.a
      for (const other of slots) if (this.#areNear(slot, other)) link.pairs += sign
    }
  }

  #areNear(slot: number, other: number): boolean {
    let sum = 0
    for (let dimension = 0; dimension < this.#dimensions; dimension++) {
      const difference =
        this.#coordinates[slot * this.#dimensions + dimension]! -
        this.#coordinates[other * this.#dimensions + dimension]!
      sum += difference * difference
    }
    return sum <= this.#radius * this.#radius
  }

  #regionFrom(first: Cell, minimumPoints: number): Region | undefined {
    first.walk = this.#walks
    const cells = [first]
    let pointsCount = 0
    for (const cell of cells) {
      pointsCount += cell.slots.length
      for (const { a, b, pairs } of cell.links) {
        const other = a === cell ? b : a
        if (pairs === 0 || other.walk === this.#walks) continue
        other.walk = this.#walks
        cells.push(other)
      }
    }
    return pointsCount < minimumPoints ? undefined : { pointsCount, ...this.#boxOf(cells) }
  }

  #boxOf(cells: readonly Cell[]): Pick<Region, 'min' | 'max'> {
    const min = new Array<number>(this.#dimensions).fill(Number.POSITIVE_INFINITY)
    const max = new Array<number>(this.#dimensions).fill(Number.NEGATIVE_INFINITY)
    for (const { slots } of cells) {
      for (const slot of slots) {
        for (let dimension = 0; dimension < this.#dimensions; dimension++) {
          const value = this.#coordinates[slot * this.#dimensions + dimension]!
          if (value < min[dimension]!) min[dimension] = value
          if (value > max[dimension]!) max[dimension] = value
        }
      }
    }
    return { min, max }
  }

  #cellAt(at: readonly number[]): Cell {
    const found = this.#find(at)
    if (found !== undefined) return found
    const cell: Cell = { at, hash: hashOf(at), slots: [], links: [], walk: 0 }
    for (const other of this.#around(at)) {
      const link: Link = { a: cell, b: other, pairs: 0 }
      cell.links.push(link)
      other.links.push(link)
    }
    const sameHash = this.#cells.get(cell.hash)
    if (sameHash === undefined) this.#cells.set(cell.hash, [cell])
    else sameHash.push(cell)
    this.#cellCount++
    return cell
  }

  #find(at: readonly number[]): Cell | undefined {
    return this.#cells.get(hashOf(at))?.find((cell) => isSame(cell.at, at))
  }

  #drop(cell: Cell): void {
    for (const link of cell.links) {
      const { links } = link.a === cell ? link.b : link.a
      links[links.indexOf(link)] = links.at(-1)!
      links.pop()
    }
    const sameHash = this.#cells.get(cell.hash)!
    if (sameHash.length === 1) this.#cells.delete(cell.hash)
    else sameHash.splice(sameHash.indexOf(cell), 1)
    this.#cellCount--
  }

  /** Whichever is less: all places within reach, or all cells. */
  #around(at: readonly number[]): Cell[] {
    const places = (2 * this.#reach + 1) ** this.#dimensions
    const found: Cell[] = []
    if (places >= this.#cellCount) {
      for (const cells of this.#cells.values()) {
        for (const cell of cells) if (isWithin(cell.at, at, this.#reach)) found.push(cell)
      }
      return found
    }
    for (let place = 0; place < places; place++) {
      const cell = this.#find(placeAround(at, place, this.#reach))
      if (cell !== undefined) found.push(cell)
    }
    return found
  }
}

/** The place of a number, whose digits to the base of 2 reach + 1 are the steps in each dimension. */
function placeAround(at: readonly number[], place: number, reach: number): number[] {
  const base = 2 * reach + 1
  let rest = place
  return at.map((centre) => {
    const step = (rest % base) - reach
    rest = Math.floor(rest / base)
    return centre + step
  })
}

function hashOf(at: readonly number[]): number {
  let hash = 17
  for (const coordinate of at) hash = (Math.imul(hash, 0x01000193) ^ coordinate) | 0
  return hash
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  for (let dimension = 0; dimension < a.length; dimension++) if (a[dimension] !== b[dimension]) return false
  return true
}

function isWithin(a: readonly number[], b: readonly number[], reach: number): boolean {
  for (let dimension = 0; dimension < a.length; dimension++) {
    if (Math.abs(a[dimension]! - b[dimension]!) > reach) return false
  }
  return true
}
