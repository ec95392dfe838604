import { packGeohash, unpackGeohash } from './geohash.js'
import { bytesOfBase64, varintReader, writeVarint } from './varint.js'

/**
 * The page's data. Pickup counts are three columns of varints, base64 in JSON:
 * - `starts`: gaps between the steps' starts in milliseconds, counted from `firstStart`;
 * - `cells`: gaps between the cells' packed geohashes, ascending, from 0;
 * - `values`: for each step the number of its cells, then for each cell the gap of its index from the one before
 *   (the first from 0) and its count.
 */
export interface EncodedCells {
  readonly precision: number
  readonly hoursPerStep: number
  readonly firstStart: number
  readonly starts: string
  readonly cells: string
  readonly values: string
}

export interface CellSteps {
  /** Characters of a cell's geohash. */
  readonly precision: number
  readonly hoursPerStep: number
  /** Geohashes, ascending. */
  readonly cells: readonly string[]
  /** Ascending by start. */
  readonly steps: readonly CellStep[]
}

export interface CellStep {
  readonly startMs: number
  /** Indices into the cells, ascending; `counts` runs beside it. */
  readonly indices: readonly number[]
  readonly counts: readonly number[]
}

/** A step of the chart: sums over all cells, so that the average is weighted by trips. */
export interface AirportStep {
  readonly startMs: number
  readonly minutes: number
  readonly trips: number
}

export interface AirportSeries {
  readonly code: 'JFK' | 'LGA'
  readonly steps: readonly AirportStep[]
}

export interface Payload {
  readonly cells: EncodedCells
  readonly airports: { readonly hoursPerStep: number; readonly series: readonly AirportSeries[] }
}

export function encodeCells(data: CellSteps, base64: (bytes: Uint8Array) => string): EncodedCells {
  const starts: number[] = []
  const cells: number[] = []
  const values: number[] = []
  const firstStart = data.steps[0]?.startMs ?? 0
  let before = 0
  for (const cell of data.cells) {
    const packed = packGeohash(cell) ?? 0
    writeVarint(cells, packed - before)
    before = packed
  }
  before = firstStart
  for (const step of data.steps) {
    writeVarint(starts, step.startMs - before)
    before = step.startMs
    writeVarint(values, step.indices.length)
    let index = 0
    for (let i = 0; i < step.indices.length; i++) {
      writeVarint(values, step.indices[i]! - index)
      writeVarint(values, step.counts[i]!)
      index = step.indices[i]!
    }
  }
  const column = (bytes: number[]) => base64(Uint8Array.from(bytes))
  return {
    precision: data.precision,
    hoursPerStep: data.hoursPerStep,
    firstStart,
    starts: column(starts),
    cells: column(cells),
    values: column(values),
  }
}

export function decodeCells(encoded: EncodedCells): CellSteps {
  const { precision, hoursPerStep } = encoded
  const cells: string[] = []
  const packed = varintReader(bytesOfBase64(encoded.cells))
  for (let cell = 0; !packed.done(); ) {
    cell += packed.next()
    cells.push(unpackGeohash(cell, precision))
  }
  const steps: CellStep[] = []
  const starts = varintReader(bytesOfBase64(encoded.starts))
  const values = varintReader(bytesOfBase64(encoded.values))
  for (let startMs = encoded.firstStart; !starts.done(); ) {
    startMs += starts.next()
    const indices: number[] = []
    const counts: number[] = []
    let index = 0
    for (let left = values.next(); left > 0; left--) {
      index += values.next()
      indices.push(index)
      counts.push(values.next())
    }
    steps.push({ startMs, indices, counts })
  }
  return { precision, hoursPerStep, cells, steps }
}
