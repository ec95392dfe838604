import { instant, table, whole } from '../shared/table.js'
import type { RideEvent } from './event.js'
import type { LongRide, Ride, Withdrawn } from './job.js'

export interface Results {
  readonly rides: readonly Ride[]
  readonly long: readonly LongRide[]
  readonly withdrawn: readonly Withdrawn[]
  readonly unmatched: readonly RideEvent[]
  readonly malformed: readonly unknown[]
}

const HOUR_MS = 3_600_000
const MOST_LONG = 10

export function report({ rides, long, withdrawn, unmatched, malformed }: Results): readonly string[] {
  const wrongly = new Set(withdrawn.map(({ ride }) => ride))
  const overdue = long.filter(({ ride, isOverdue }) => isOverdue && !wrongly.has(ride))
  const open = long.filter(({ isOverdue }) => !isOverdue).length
  return [
    '',
    'rides by the hour of their start (UTC)',
    byHour(rides),
    '',
    'the first long rides',
    longRides(overdue, rides),
    '',
    `${whole(rides.length)} rides, ${whole(overdue.length)} without an end in time, ` +
      `${whole(open)} under way at the end of the input`,
    `${whole(withdrawn.length)} reports withdrawn (a late end), ${whole(unmatched.length)} ends without a start, ` +
      `${whole(malformed.length)} malformed lines`,
  ]
}

function byHour(rides: readonly Ride[]): string {
  const hours = new Map<number, Ride[]>()
  for (const ride of rides) {
    const hour = Math.floor(ride.start / HOUR_MS) * HOUR_MS
    const others = hours.get(hour)
    if (others === undefined) hours.set(hour, [ride])
    else others.push(ride)
  }
  return table(
    [
      { head: 'hour', align: 'left' },
      { head: 'rides', align: 'right' },
      { head: 'mean', align: 'right' },
      { head: 'longest', align: 'right' },
    ],
    [...hours]
      .sort(([a], [b]) => a - b)
      .map(([hour, of]) => {
        const minutes = of.map((ride) => ride.minutes)
        const mean = minutes.reduce((sum, each) => sum + each, 0) / of.length
        const longest = minutes.reduce((most, each) => Math.max(most, each), 0)
        return [instant(hour).slice(0, 16), whole(of.length), `${mean.toFixed(1)} min`, `${whole(longest)} min`]
      }),
  )
}

function longRides(overdue: readonly LongRide[], rides: readonly Ride[]): string {
  if (overdue.length === 0) return 'none'
  const ended = new Map(rides.map((ride) => [ride.ride, ride]))
  const first = [...overdue].sort((a, b) => a.start - b.start || a.ride - b.ride).slice(0, MOST_LONG)
  const rows = first.map(({ ride, taxi, start }) => {
    const minutes = ended.get(ride)?.minutes
    return [String(ride), String(taxi), instant(start), minutes === undefined ? 'no end' : `${whole(minutes)} min`]
  })
  const more = overdue.length - first.length
  return [
    table(
      [
        { head: 'ride', align: 'right' },
        { head: 'taxi', align: 'right' },
        { head: 'start', align: 'left' },
        { head: 'took', align: 'right' },
      ],
      rows,
    ),
    ...(more > 0 ? [`and ${whole(more)} more`] : []),
  ].join('\n')
}
