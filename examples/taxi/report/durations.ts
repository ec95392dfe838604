import type { TripDuration } from '../documents.js'
import { AIRPORTS } from '../geo/index.js'
import { stepStart } from './cells.js'
import type { AirportSeries } from './shared/payload.js'
import { hourMs } from './shared/time.js'

/** More points than this in a chart are noise: days are taken instead of hours, then longer steps. */
const maxSteps = 1_500

export interface AirportAverages {
  readonly hoursPerStep: number
  readonly series: readonly AirportSeries[]
}

/** Minutes and trips to each airport by hour, over all pickup cells. */
export function averagesByStep(rows: readonly TripDuration[]): AirportAverages {
  const usable = rows.filter(isUsable)
  for (const hoursPerStep of [1, 24, 24 * 28, 24 * 364]) {
    const series = AIRPORTS.map(({ code }) => gatherSeries(usable, code, hoursPerStep))
    if (hoursPerStep === 24 * 364 || series.every(({ steps }) => steps.length <= maxSteps)) {
      return { hoursPerStep, series }
    }
  }
  return { hoursPerStep: 1, series: [] }
}

/**
 * A row does not carry its number of trips, but its sum and average do. With a sum of 0 they do not: then it counts as
 * two, the least a row stands for.
 */
export function tripsOf(row: TripDuration): number {
  return row.avg_trip_duration === 0 ? 2 : Math.max(2, Math.round(row.sum_trip_duration / row.avg_trip_duration))
}

function gatherSeries(rows: readonly TripDuration[], code: AirportSeries['code'], hoursPerStep: number): AirportSeries {
  const sums = new Map<number, { minutes: number; trips: number }>()
  for (const row of rows) {
    if (row.airport_code !== code) continue
    const startMs = stepStart(row.timestamp - hourMs, hoursPerStep)
    const sum = sums.get(startMs)
    if (sum === undefined) {
      sums.set(startMs, { minutes: row.sum_trip_duration, trips: tripsOf(row) })
    } else {
      sum.minutes += row.sum_trip_duration
      sum.trips += tripsOf(row)
    }
  }
  const steps = [...sums].map(([startMs, sum]) => ({ startMs, ...sum }))
  return { code, steps: steps.sort((left, right) => left.startMs - right.startMs) }
}

function isUsable(row: TripDuration): boolean {
  return (
    Number.isFinite(row.sum_trip_duration) &&
    Number.isFinite(row.avg_trip_duration) &&
    Number.isSafeInteger(row.timestamp)
  )
}
