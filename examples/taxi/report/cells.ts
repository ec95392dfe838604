import type { PickupCount } from '../documents.js'
import { packGeohash } from './shared/geohash.js'
import { type CellStep, type CellSteps, type EncodedCells, encodeCells } from './shared/payload.js'
import { hourMs } from './shared/time.js'

/** A page under 2 MB has room for this many characters of cells beside its text, style and script. */
const cellBudgetCharacters = 1_600_000

/** From what the job writes to what fits whatever happens: characters of a cell, hours of a step. */
const resolutions = [
  { precision: 7, hoursPerStep: 1 },
  { precision: 6, hoursPerStep: 1 },
  { precision: 6, hoursPerStep: 24 },
  { precision: 5, hoursPerStep: 24 },
  { precision: 5, hoursPerStep: 24 * 28 },
  { precision: 4, hoursPerStep: 24 * 364 },
] as const

export interface FittedCells {
  readonly encoded: EncodedCells
  /** Rows left off the map: no geohash of 7 characters, no whole count, or no time. */
  readonly unusableRows: number
}

/** The finest cells and steps that fit the page. */
export function fitCells(rows: readonly PickupCount[], budgetCharacters: number = cellBudgetCharacters): FittedCells {
  const usable = rows.filter(isUsable)
  const unusableRows = rows.length - usable.length
  let encoded: EncodedCells | undefined
  for (const { precision, hoursPerStep } of resolutions) {
    encoded = encodeCells(gatherCells(usable, precision, hoursPerStep), base64)
    if (encoded.starts.length + encoded.cells.length + encoded.values.length <= budgetCharacters) break
  }
  return { encoded: encoded!, unusableRows }
}

/** Sums counts by step and by the first characters of the cell. */
export function gatherCells(rows: readonly PickupCount[], precision: number, hoursPerStep: number): CellSteps {
  const byStart = new Map<number, Map<string, number>>()
  for (const row of rows) {
    const startMs = stepStart(row.timestamp - hourMs, hoursPerStep)
    let counts = byStart.get(startMs)
    if (counts === undefined) {
      counts = new Map()
      byStart.set(startMs, counts)
    }
    const cell = row.location.slice(0, precision)
    counts.set(cell, (counts.get(cell) ?? 0) + row.pickup_count)
  }
  const cells = [...new Set([...byStart.values()].flatMap((counts) => [...counts.keys()]))].sort()
  const indexOf = new Map(cells.map((cell, index) => [cell, index]))
  const steps = [...byStart].sort(([left], [right]) => left - right)
  return {
    precision,
    hoursPerStep,
    cells,
    steps: steps.map(([startMs, counts]): CellStep => {
      const pairs = [...counts].map(([cell, count]) => [indexOf.get(cell)!, count] as const)
      pairs.sort(([left], [right]) => left - right)
      return { startMs, indices: pairs.map(([index]) => index), counts: pairs.map(([, count]) => count) }
    }),
  }
}

/** Days and longer steps are cut at midnight of the wall clock; hours as the windows were. */
export function stepStart(startMs: number, hoursPerStep: number): number {
  return hoursPerStep === 1 ? startMs : Math.floor(startMs / (hoursPerStep * hourMs)) * hoursPerStep * hourMs
}

function isUsable(row: PickupCount): boolean {
  return (
    row.location.length === 7 &&
    packGeohash(row.location) !== undefined &&
    Number.isSafeInteger(row.pickup_count) &&
    row.pickup_count > 0 &&
    Number.isSafeInteger(row.timestamp)
  )
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
