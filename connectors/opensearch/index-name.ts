import { optionInvalid } from '../../core/options.js'

/** How often a new index begins, by the event time of the rows, in UTC. */
export type IndexRotation = 'none' | 'hour' | 'day' | 'week' | 'month'

export interface IndexNames {
  /** Whether a name depends on the time. */
  readonly usesTime: boolean
  /** @param time epoch milliseconds */
  of(time: number): string
}

/** What Firehose appends to the name. */
const SUFFIXES: Readonly<Record<IndexRotation, string>> = {
  none: '',
  hour: '-{yyyy}-{MM}-{dd}-{HH}',
  day: '-{yyyy}-{MM}-{dd}',
  week: '-{xxxx}-w{ww}',
  month: '-{yyyy}-{MM}',
}

const two = (value: number): string => String(value).padStart(2, '0')

const PARTS: Readonly<Record<string, (date: Date) => string>> = {
  yyyy: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  MM: (date) => two(date.getUTCMonth() + 1),
  dd: (date) => two(date.getUTCDate()),
  HH: (date) => two(date.getUTCHours()),
  ww: (date) => two(weekOf(date).week),
  xxxx: (date) => String(weekOf(date).year),
}

const PLACEHOLDER = /\{([^{}]*)\}/g
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** @throws TidemarkError OPTION_INVALID */
export function indexNames(where: string, index: string, rotation: IndexRotation): IndexNames {
  const template = `${index}${SUFFIXES[rotation]}`
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    if (Object.hasOwn(PARTS, name)) continue
    throw optionInvalid(
      where,
      `index has {${name}}; what it may have are {yyyy}, {MM}, {dd}, {HH}, and {xxxx} and {ww} for weeks: of the event time, in UTC`,
    )
  }
  const usesTime = template.search(PLACEHOLDER) >= 0
  const problem = nameProblem(nameAt(template, 0))
  if (problem !== undefined) throw optionInvalid(where, `index '${index}' is no name of an index: ${problem}`)
  let [knownHour, known] = [Number.NaN, '']
  return {
    usesTime,
    of(time) {
      if (!usesTime) return template
      // No part of a name is finer than an hour.
      const hour = Math.floor(time / HOUR_MS)
      if (hour !== knownHour) [knownHour, known] = [hour, nameAt(template, time)]
      return known
    },
  }
}

function nameAt(template: string, time: number): string {
  const date = new Date(time)
  return template.replace(PLACEHOLDER, (_, name: string) => PARTS[name]?.(date) ?? '')
}

/** ISO 8601: the week of a day is in the year that its Thursday is in. */
function weekOf(date: Date): { readonly year: number; readonly week: number } {
  const day = Math.floor(date.getTime() / DAY_MS)
  // The epoch was a Thursday.
  const weekday = (((day + 3) % 7) + 7) % 7
  const thursday = new Date((day - weekday + 3) * DAY_MS)
  const year = thursday.getUTCFullYear()
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) }
}

/** What OpenSearch would say of it; undefined: it is a name. */
export function nameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'it has no letters'
  if (/[\\/*?"<>| ,#:]/.test(name)) return 'it must not have spaces and the characters \\ / * ? " < > | , # :'
  if (/^[-_+]/.test(name)) return 'it must not begin with -, _ or +'
  if (name !== name.toLowerCase()) return 'it must be in lower case'
  if (Buffer.byteLength(name) > 255) return 'it must have at most 255 bytes'
  return undefined
}
