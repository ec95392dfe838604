import { epochMsOfDate, msOfDay } from './calendar.js'

const INSTANT =
  /^(\d{4}|[+]\d{6})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d\d):?(\d\d)?)$/

const ZERO = 48

/** The two digits at `at`, NaN if there are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** `YYYY-MM-DDTHH:MM:SSZ` and `YYYY-MM-DDTHH:MM:SS.sssZ`; NaN for all else. */
function parseFixedForm(text: string): number {
  const { length } = text
  if ((length !== 20 && length !== 24) || text[length - 1] !== 'Z' || text[10] !== 'T') return Number.NaN
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return Number.NaN
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const date = epochMsOfDate(year, twoDigits(text, 5), twoDigits(text, 8))
  const time = msOfDay(twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17))
  if (length === 20) return date + time
  const lastDigit = text.charCodeAt(22) - ZERO
  if (text[19] !== '.' || !(lastDigit >= 0 && lastDigit <= 9)) return Number.NaN
  return date + time + twoDigits(text, 20) * 10 + lastDigit
}

function parseGeneralForm(text: string): number {
  const match = INSTANT.exec(text)
  if (match === null) return Number.NaN
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] =
    match
  const date = epochMsOfDate(Number(year), Number(month), Number(day))
  const time = msOfDay(Number(hour), Number(minute), Number(second))
  const fractionMs = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const offset = msOfDay(Number(offsetHours), Number(offsetMinutes), 0)
  return date + time + fractionMs - (sign === '-' ? -offset : offset)
}

/**
 * Epoch milliseconds of an ISO 8601 instant from 1970 on; NaN for everything else. A zone (`Z` or an offset) is required:
 * without one the result would depend on the machine. Digits beyond the millisecond are cut off.
 */
export function parseInstant(text: string): number {
  const fixed = parseFixedForm(text)
  const instant = Number.isNaN(fixed) ? parseGeneralForm(text) : fixed
  return instant >= 0 && instant <= 8.64e15 ? instant : Number.NaN
}

/** As ISO 8601 in UTC, without a fraction where the milliseconds are 0. */
export function formatInstant(epochMs: number): string {
  const text = new Date(epochMs).toISOString()
  return epochMs % 1000 === 0 ? `${text.slice(0, -5)}Z` : text
}
