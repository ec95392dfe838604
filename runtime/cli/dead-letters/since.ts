import { InvalidArgumentError } from 'commander'

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/i

/** Of what `--since` is given. In UTC where it names no zone: the same letters on each machine. */
export function timeOf(text: string): number {
  const [, day = '', clock = '00:00', seconds = ':00', zone = 'Z'] = TIME.exec(text) ?? []
  const time = `${day}T${clock}${seconds}`
  // Date.parse takes 30 February for 2 March.
  const inUtc = Date.parse(`${time}Z`)
  const isInTheCalendar = !Number.isNaN(inUtc) && new Date(inUtc).toISOString().startsWith(`${day}T${clock}`)
  const ms = isInTheCalendar ? Date.parse(`${time}${zone.toUpperCase()}`) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new InvalidArgumentError(
    'Expected a date or a time such as 2026-11-21, 2026-11-21T12:00:00Z or 2026-11-21T12:00:00+02:00.',
  )
}
