/**
 * Times in the report. Trip records carry New York wall-clock time without a zone, and the whole job reads it as UTC;
 * so the UTC fields of a timestamp are the wall clock, whatever zone the reader is in.
 */

export const hourMs = 3_600_000

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `17:00-17:59` */
export function hourLabel(startMs: number): string {
  const hour = String(new Date(startMs).getUTCHours()).padStart(2, '0')
  return `${hour}:00-${hour}:59`
}

/** `Tue 1 Jan 2013` */
export function dayLabel(ms: number): string {
  const date = new Date(ms)
  return `${weekdays[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** `1 Jan` */
export function shortDayLabel(ms: number): string {
  const date = new Date(ms)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
}

/** `Tue 1 Jan 2013 17:42` */
export function timeLabel(ms: number): string {
  return `${dayLabel(ms)} ${new Date(ms).toISOString().slice(11, 16)}`
}

/** A step of the slider or the chart in two parts: the hours (or days) it covers, and the date they lie in. */
export function stepLabel(startMs: number, hoursPerStep: number): { readonly span: string; readonly date: string } {
  if (hoursPerStep === 1) return { span: hourLabel(startMs), date: dayLabel(startMs) }
  if (hoursPerStep === 24) return { span: dayLabel(startMs), date: '' }
  return { span: `${hoursPerStep / 24} days`, date: `from ${dayLabel(startMs)}` }
}
