import { describe, expect, it } from 'vitest'
import { fitCells, gatherCells } from '../../../../examples/taxi/report/cells.js'
import { decodeCells } from '../../../../examples/taxi/report/shared/payload.js'
import { hour, midnight, syntheticDay } from './synthetic-day.js'

const { pickupCounts } = syntheticDay(300)
const total = (data: ReturnType<typeof decodeCells>) =>
  data.steps.flatMap((step) => step.counts).reduce((sum, count) => sum + count, 0)
const pickups = pickupCounts.reduce((sum, row) => sum + row.pickup_count, 0)

describe("the map's cells", () => {
  it('are every row of the results, exactly, where they fit', () => {
    const data = decodeCells(fitCells(pickupCounts).encoded)
    expect([data.precision, data.hoursPerStep, data.steps.length]).toEqual([7, 1, 24])
    const shown = data.steps.flatMap((step) =>
      step.indices.map((cell, i) => `${data.cells[cell]} ${step.counts[i]} ${step.startMs + hour}`),
    )
    const given = pickupCounts.map((row) => `${row.location} ${row.pickup_count} ${row.timestamp}`)
    expect(shown.sort()).toEqual(given.sort())
  })

  it('lie in the hour before the end of their window', () => {
    const [step] = gatherCells([{ location: 'dr5ru7k', pickup_count: 2, timestamp: midnight + hour }], 7, 1).steps
    expect(step?.startMs).toBe(midnight)
  })

  it('are made coarser, losing no pickup, until they fit', () => {
    const budgets = [2_000_000, 12_000, 4_000, 300]
    const resolutions = budgets.map((budget) => {
      const { encoded } = fitCells(pickupCounts, budget)
      const data = decodeCells(encoded)
      expect(total(data)).toBe(pickups)
      expect(encoded.starts.length + encoded.cells.length + encoded.values.length).toBeLessThanOrEqual(budget)
      return [data.precision, data.hoursPerStep]
    })
    expect(resolutions).toEqual([
      [7, 1],
      [6, 1],
      [6, 24],
      [5, 24],
    ])
  })

  it('leave out rows without a cell, a count or a time, and count them', () => {
    const good = { location: 'dr5ru7k', pickup_count: 2, timestamp: midnight + hour }
    const rows = [
      good,
      { ...good, location: '</script>' },
      { ...good, location: 'dr5ru7a' },
      { ...good, pickup_count: 0 },
      { ...good, timestamp: Number.NaN },
    ]
    const { encoded, unusableRows } = fitCells(rows)
    expect(unusableRows).toBe(4)
    expect(decodeCells(encoded).cells).toEqual(['dr5ru7k'])
  })
})
