import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unpackGeohash } from '../../../../../examples/taxi/report/shared/geohash.js'
import { decodeCells, encodeCells } from '../../../../../examples/taxi/report/shared/payload.js'

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const cellSteps = fc
  .record({
    cells: fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 35 - 1 }), { maxLength: 40 }),
    starts: fc.uniqueArray(fc.integer({ min: -1_000_000, max: 4_000_000 }), { maxLength: 12 }),
    counts: fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
    large: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  })
  .map(({ cells, starts, counts, large }) => ({
    precision: 7,
    hoursPerStep: 1,
    cells: cells.map((cell) => unpackGeohash(cell, 7)).sort(),
    steps: starts
      .sort((left, right) => left - right)
      .map((start) => {
        const step = { startMs: start * 3_600_000, indices: [] as number[], counts: [] as number[] }
        for (let index = 0; index < cells.length; index++) {
          const kind = counts.next().value
          if (kind === 0) continue
          step.indices.push(index)
          step.counts.push(kind === 1 ? large : kind)
        }
        return step
      }),
  }))

describe("the page's data", () => {
  it('decodes to what was encoded, whatever the cells, hours and counts', () => {
    fc.assert(
      fc.property(cellSteps, (data) => {
        expect(decodeCells(encodeCells(data, base64))).toEqual(data)
      }),
    )
  })

  it('takes about two bytes a cell and hour where neighbours follow each other', () => {
    const cells = Array.from({ length: 5_000 }, (_, i) => unpackGeohash(13_000_000_000 + i * 3, 7))
    const step = { startMs: 0, indices: cells.map((_, i) => i), counts: cells.map((_, i) => i % 100) }
    const { values } = encodeCells({ precision: 7, hoursPerStep: 1, cells, steps: [step] }, base64)
    expect(values.length).toBeLessThan(5_000 * 2 * (4 / 3) + 10)
  })
})
