import { instant, table, whole } from '../shared/table.js'
import type { Visit } from './job.js'

const SHOWN = 8
const DEVICES = ['phone', 'tablet', 'desktop']

/** What both kinds of window make of the same clicks. */
export function report(sessions: readonly Visit[], staggered: readonly Visit[]): readonly string[] {
  return ['', 'by device', byDevice(sessions, staggered), '', 'longest sessions', longest(sessions)]
}

function byDevice(sessions: readonly Visit[], staggered: readonly Visit[]): string {
  const kinds = [
    ['session', sessions],
    ['stagger', staggered],
  ] as const
  const rows = kinds.flatMap(([kind, visits]) =>
    DEVICES.map((device) => {
      const own = visits.filter((visit) => visit.device === device)
      const events = own.reduce((sum, visit) => sum + visit.events, 0)
      const minutes = own.reduce((sum, visit) => sum + visit.duration_ms, 0) / 60_000
      const mean = (total: number): string => (own.length === 0 ? '-' : (total / own.length).toFixed(1))
      return [kind, device, whole(own.length), whole(events), mean(events), `${mean(minutes)} min`]
    }),
  )
  return table(
    [
      { head: 'window', align: 'left' },
      { head: 'device', align: 'left' },
      { head: 'windows', align: 'right' },
      { head: 'events', align: 'right' },
      { head: 'each', align: 'right' },
      { head: 'mean duration', align: 'right' },
    ],
    rows,
  )
}

function longest(sessions: readonly Visit[]): string {
  const first = [...sessions]
    .sort((a, b) => b.duration_ms - a.duration_ms || a.begin - b.begin)
    .slice(0, SHOWN)
    .map((visit) => [
      visit.user,
      visit.device,
      instant(visit.begin),
      instant(visit.end).slice(11),
      `${(visit.duration_ms / 60_000).toFixed(1)} min`,
      whole(visit.events),
      `${visit.first_action} .. ${visit.last_action}`,
    ])
  return table(
    [
      { head: 'user', align: 'left' },
      { head: 'device', align: 'left' },
      { head: 'begin', align: 'left' },
      { head: 'end', align: 'left' },
      { head: 'duration', align: 'right' },
      { head: 'events', align: 'right' },
      { head: 'actions', align: 'left' },
    ],
    first,
  )
}
