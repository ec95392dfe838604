const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

function daysInMonth(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeapYear ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)
}

/** Days since 1970-01-01 of the proleptic Gregorian calendar, for years from 0 on. */
function epochDay(year: number, month: number, day: number): number {
  // The year is taken to begin in March, so that the leap day is its last day.
  const shiftedYear = month > 2 ? year : year - 1
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Epoch milliseconds of a date in UTC, NaN if there is no such day. */
export function epochMsOfDate(year: number, month: number, day: number): number {
  if (day < 1 || day > daysInMonth(year, month)) return Number.NaN
  return epochDay(year, month, day) * 86_400_000
}

/** Milliseconds since midnight, NaN if there is no such time. Leap seconds and 24:00 do not exist here. */
export function msOfDay(hour: number, minute: number, second: number): number {
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  return hour * 3_600_000 + minute * 60_000 + second * 1000
}
