import { formatInstant } from '../events/index.js'
import { describeUnreadable, type TripReading } from '../trips/index.js'
import type { ReplayProgress } from './replay.js'
import type { Resharded } from './reshard.js'

const whole = (count: number): string => Math.round(count).toLocaleString('en-US')

/** One line: time reached, trips, rate, and how far behind schedule. */
export function describeProgress(progress: ReplayProgress): string {
  const time = progress.timeReached === undefined ? 'not begun' : formatInstant(progress.timeReached)
  const parts = [time, `${whole(progress.acknowledged)} trips`, `${whole(progress.tripsPerSecond)}/s`]
  parts.push(`lag ${(progress.lagMs / 1000).toFixed(1)} s`)
  if (progress.retried > 0) parts.push(`${whole(progress.retried)} retried`)
  return parts.join('  ')
}

export const describeResharded = ({ splits, merges }: Resharded): string =>
  `resharded meanwhile: ${whole(splits)} splits, ${whole(merges)} merges`

export interface ReplayOutcome {
  readonly progress: ReplayProgress
  readonly reading: TripReading
  readonly outOfOrder: number
  /** Trips that ended before `seek`. */
  readonly before?: number
  readonly seek?: string | undefined
}

/** What became of every row, and what may not be as it should. */
export function describeOutcome({ progress, reading, outOfOrder, before = 0, seek }: ReplayOutcome): readonly string[] {
  const lines = [
    `replayed ${whole(progress.acknowledged)} trips of ${whole(reading.rows)} rows in ${(progress.elapsedMs / 1000).toFixed(1)} s ` +
      `(${whole(progress.tripsPerSecond)}/s), ${whole(progress.markerRounds)} rounds of markers`,
    ...describeUnreadable(reading),
  ]
  for (const [cause, count] of reading.ignoredByCause) lines.push(`${whole(count)} rows ignored: ${cause}`)
  if (before > 0) lines.push(`${whole(before)} trips left out: they ended before ${seek}`)
  if (outOfOrder > 0) lines.push(`${whole(outOfOrder)} trips came too late to be put in order`)
  if (progress.retried > 0) lines.push(`${whole(progress.retried)} records throttled or failed, and sent again`)
  if (progress.strayed > 0) {
    lines.push(`${whole(progress.strayed)} trips sent again because their aggregated record met a reshard`)
  }
  if (progress.uncertain > 0) {
    lines.push(`${whole(progress.uncertain)} records sent again because an answer got lost: some may be there twice`)
  }
  return lines
}
