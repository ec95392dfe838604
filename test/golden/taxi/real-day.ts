import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ResultRows } from './compare.js'
import { linesOf } from './trips.js'

const DATA = resolve(import.meta.dirname, '../../../../shared/data')

/** Real trips with an exact result that others computed; undefined on a machine that has not got them. */
export interface RealTrips {
  readonly trips: string
  readonly expected: string
}

export function realTrips(): RealTrips | undefined {
  const trips = resolve(DATA, 'trips-2013-01-01.csv.gz')
  const expected = resolve(DATA, 'trips-2013-01-01.expected.jsonl.gz')
  if (existsSync(trips) && existsSync(expected)) return { trips, expected }
  process.stdout.write(
    'not compared with real trips: ../shared/data/trips-2013-01-01.csv.gz and its .expected.jsonl.gz are not here\n',
  )
  return undefined
}

export function expectedRows(file: string): ResultRows {
  const pickupCounts: object[] = []
  const tripDurations: object[] = []
  for (const line of linesOf(file)) {
    const { kind, ...row } = JSON.parse(line) as { kind: string }
    if (kind === 'pickup_count') pickupCounts.push(row)
    else tripDurations.push(row)
  }
  return { pickupCounts, tripDurations }
}
