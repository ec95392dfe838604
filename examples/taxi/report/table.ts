import type { PickupCount, TripDuration } from '../documents.js'
import { averagesByStep } from './durations.js'
import { number } from './facts.js'
import { hottest } from './hottest.js'
import { placeOf } from './place.js'
import { hourMs, stepLabel } from './shared/time.js'

export interface TableOptions {
  /** Colours what matters most. Take it from `usesColour(process.stdout)`. Default false. */
  readonly colour?: boolean
  /** Rows at most; what is left out is counted below the table. Default 48. */
  readonly limit?: number
}

export interface HottestCellsOptions extends TableOptions {
  /** Cells of each hour. Default 1. */
  readonly perHour?: number
}

interface Column {
  readonly head: string
  readonly align: 'left' | 'right'
  readonly accent?: boolean
}

/** Whether a stream is a terminal whose owner wants colours (no-color.org). */
export function usesColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

/** The hottest cells of each hour, in order of time. */
export function hottestCells(rows: readonly PickupCount[], options: HottestCellsOptions = {}): string {
  const { perHour = 1, limit = 48 } = options
  if (rows.length === 0) return 'No pickups.'
  const byHour = new Map<number, PickupCount[]>()
  for (const row of rows) {
    const sameHour = byHour.get(row.timestamp)
    if (sameHour === undefined) byHour.set(row.timestamp, [row])
    else sameHour.push(row)
  }
  const hours = [...byHour].sort(([left], [right]) => left - right)
  const lines = hours.flatMap(([end, sameHour]) =>
    hottest(sameHour, perHour).map((row, rank) => {
      const { span, date } = stepLabel(end - hourMs, 1)
      const hour = rank === 0 ? [date, span] : ['', '']
      return [...hour, String(rank + 1), row.location, placeOf(row.location) ?? '', number(row.pickup_count)]
    }),
  )
  return table(
    [
      { head: 'day', align: 'left' },
      { head: 'hour', align: 'left' },
      { head: 'rank', align: 'right' },
      { head: 'cell', align: 'left' },
      { head: 'at', align: 'left' },
      { head: 'pickups', align: 'right', accent: true },
    ],
    lines,
    { ...options, limit },
  )
}

/** Average minutes to each airport by hour, weighted by trips. */
export function airportAverages(rows: readonly TripDuration[], options: TableOptions = {}): string {
  const { hoursPerStep, series } = averagesByStep(rows)
  const starts = [...new Set(series.flatMap(({ steps }) => steps.map((step) => step.startMs)))].sort((a, b) => a - b)
  if (starts.length === 0) return 'No airport trips.'
  const lines = starts.map((startMs) => {
    const { span, date } = stepLabel(startMs, hoursPerStep)
    const values = series.flatMap(({ steps }) => {
      const step = steps.find((candidate) => candidate.startMs === startMs)
      return step === undefined ? ['-', '-'] : [`${(step.minutes / step.trips).toFixed(1)} min`, number(step.trips)]
    })
    return [date, span, ...values]
  })
  const columns = series.flatMap(({ code }): Column[] => [
    { head: `to ${code}`, align: 'right', accent: true },
    { head: 'trips', align: 'right' },
  ])
  return table([{ head: 'day', align: 'left' }, { head: 'hour', align: 'left' }, ...columns], lines, {
    limit: 48,
    ...options,
  })
}

function table(columns: readonly Column[], lines: readonly (readonly string[])[], options: TableOptions): string {
  const shown = lines.slice(0, options.limit ?? lines.length)
  const widths = columns.map(({ head }, i) => Math.max(head.length, ...shown.map((line) => line[i]!.length)))
  const format = (cells: readonly string[], paint: (cell: string, column: Column) => string) =>
    columns
      .map((column, i) => {
        const cell = column.align === 'left' ? cells[i]!.padEnd(widths[i]!) : cells[i]!.padStart(widths[i]!)
        return paint(cell, column)
      })
      .join('  ')
      .trimEnd()
  const plain = (cell: string) => cell
  const accented = (cell: string, { accent }: Column) => (accent === true ? `\u001b[33m${cell}\u001b[39m` : cell)
  const hidden = lines.length - shown.length
  return [
    format(
      columns.map(({ head }) => head),
      plain,
    ),
    ...shown.map((line) => format(line, options.colour === true ? accented : plain)),
    ...(hidden === 0 ? [] : [`and ${number(hidden)} more rows`]),
  ].join('\n')
}
