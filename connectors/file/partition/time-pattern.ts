import { optionInvalid } from '../../../core/options.js'

export interface TimeUnit {
  readonly letters: string
  /** From the coarsest. */
  readonly rank: number
}

/** What of `java.time.format.DateTimeFormatter` is understood: numbers with leading zeros, in UTC. */
const UNITS: readonly TimeUnit[] = [
  { letters: 'yyyy', rank: 0 },
  { letters: 'MM', rank: 1 },
  { letters: 'dd', rank: 2 },
  { letters: 'HH', rank: 3 },
  { letters: 'mm', rank: 4 },
  { letters: 'ss', rank: 5 },
]

const TOKENS = /'(?:[^']|'')*'|[A-Za-z]+|[^A-Za-z']+|'/g
/** Of one letter: `yyyyMMdd` is three. */
const RUNS = /([A-Za-z])\1*/g

type Piece = string | TimeUnit

/** The inside of `!{timestamp:...}`. */
export interface TimePattern {
  readonly pieces: readonly Piece[]
}

/** @throws TidemarkError OPTION_INVALID, naming what is understood */
export function parseTimePattern(where: string, pattern: string): TimePattern {
  const pieces = (pattern.match(TOKENS) ?? []).flatMap((token): Piece[] => {
    if (token === "''") return ["'"]
    if (token.startsWith("'") && token.length > 1) return [token.slice(1, -1).replaceAll("''", "'")]
    if (!/^[A-Za-z]/.test(token) && token !== "'") return [token]
    const units = (token.match(RUNS) ?? []).map((run) => UNITS.find(({ letters }) => letters === run))
    if (units.length > 0 && units.every((unit) => unit !== undefined)) return units
    throw optionInvalid(
      where,
      `prefix: '${token}' in !{timestamp:${pattern}} is not understood; write ${UNITS.map(({ letters }) => letters).join(', ')}, ` +
        "and other letters between ' and '",
    )
  })
  if (!pieces.some((piece) => typeof piece !== 'string')) {
    throw optionInvalid(where, `prefix: !{timestamp:${pattern}} names no part of a time`)
  }
  return { pieces }
}

export function formatTime({ pieces }: TimePattern, date: Date): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : numberOf(piece, date))).join('')
}

function numberOf({ letters, rank }: TimeUnit, date: Date): string {
  const value = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ][rank]
  return String(value).padStart(letters.length, '0')
}

/** How far the units of a template go, when none is left out from the year on: then a partition is one stretch of time. */
export function finestUnit(patterns: readonly TimePattern[]): { readonly rank: number; readonly isGapless: boolean } {
  const ranks = new Set(
    patterns.flatMap(({ pieces }) => pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.rank]))),
  )
  const rank = Math.max(...ranks)
  return { rank, isGapless: ranks.size === rank + 1 }
}

/** Epoch milliseconds of the first moment after the unit that `date` is in. */
export function endOfUnit(date: Date, rank: number): number {
  const fields = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ].map((field, index) => (index < rank ? field : index === rank ? field + 1 : index === 2 ? 1 : 0))
  const [year = 0, month = 0, day = 1, hour = 0, minute = 0, second = 0] = fields
  const end = new Date(0)
  // Not Date.UTC, for which the year 99 is 1999.
  end.setUTCFullYear(year, month, day)
  end.setUTCHours(hour, minute, second, 0)
  return end.getTime()
}

const MS_OF_RANK = [86_400_000, 86_400_000, 86_400_000, 3_600_000, 60_000, 1000]

/** Times with one quotient by this have one text. */
export function bucketMs(rank: number): number {
  return MS_OF_RANK[rank] ?? 1000
}
