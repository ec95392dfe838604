import { parseInstant } from '../events/index.js'

const ISO = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i
const AMERICAN = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AP])M)?$/i

/**
 * Epoch milliseconds of a time in a trip file; NaN if it is none. A wall-clock time without a zone is read as UTC. Known
 * are ISO 8601 (`T` or a space before the time) and the form of the open-data portal (`01/31/2014 11:59:59 PM`).
 */
export function parseTripTime(text: string): number {
  const trimmed = text.trim()
  const plain =
    trimmed.length === 19 && trimmed[10] === ' '
      ? parseInstant(`${trimmed.slice(0, 10)}T${trimmed.slice(11)}Z`)
      : Number.NaN
  return Number.isNaN(plain) ? parseOtherForms(trimmed) : plain
}

function parseOtherForms(text: string): number {
  const iso = ISO.exec(text)
  if (iso !== null) {
    const zone = iso[3]
    return parseInstant(`${iso[1]}T${iso[2]}${zone === undefined || zone.toUpperCase() === 'UTC' ? 'Z' : zone}`)
  }
  const american = AMERICAN.exec(text)
  if (american === null) return Number.NaN
  const [, month = '', day = '', year = '', hour = '', minute = '', second = '00', half] = american
  const hour24 = half === undefined ? Number(hour) : hourOfHalfDay(Number(hour), half.toUpperCase() === 'P')
  const twoDigits = (part: string | number): string => String(part).padStart(2, '0')
  return parseInstant(`${year}-${twoDigits(month)}-${twoDigits(day)}T${twoDigits(hour24)}:${minute}:${second}Z`)
}

function hourOfHalfDay(hour: number, isAfternoon: boolean): number {
  if (hour < 1 || hour > 12) return Number.NaN
  return (hour % 12) + (isAfternoon ? 12 : 0)
}
