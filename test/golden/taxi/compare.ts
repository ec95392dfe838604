import { expect } from 'vitest'

/** Rows of both result sets, as any reader of the output gives them. */
export interface ResultRows {
  readonly pickupCounts: readonly object[]
  readonly tripDurations: readonly object[]
}

const SHOWN = 5

/** As sets, to the last digit; a difference names the first few rows. */
export function expectSameRows(found: ResultRows, expected: ResultRows): void {
  expect(differences(found, expected)).toEqual({ missing: [], unexpected: [], doubled: [] })
  expect(found.pickupCounts.length).toBe(expected.pickupCounts.length)
  expect(found.tripDurations.length).toBe(expected.tripDurations.length)
}

/** What is there is right, though more may follow. */
export function expectPartOf(found: ResultRows, expected: ResultRows): void {
  const { unexpected, doubled } = differences(found, expected)
  expect({ unexpected, doubled }).toEqual({ unexpected: [], doubled: [] })
}

function differences(found: ResultRows, expected: ResultRows) {
  const foundLines = canonical(found)
  const wanted = new Set(canonical(expected))
  const seen = new Set<string>()
  const doubled: string[] = []
  const unexpected: string[] = []
  for (const line of foundLines) {
    if (seen.has(line)) doubled.push(line)
    else if (!wanted.has(line)) unexpected.push(line)
    seen.add(line)
  }
  const missing = [...wanted].filter((line) => !seen.has(line))
  return { missing: missing.slice(0, SHOWN), unexpected: unexpected.slice(0, SHOWN), doubled: doubled.slice(0, SHOWN) }
}

function canonical({ pickupCounts, tripDurations }: ResultRows): string[] {
  return [
    ...pickupCounts.map((row) => `pickup_count ${canonicalRow(row)}`),
    ...tripDurations.map((row) => `trip_duration ${canonicalRow(row)}`),
  ]
}

const canonicalRow = (row: object): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
