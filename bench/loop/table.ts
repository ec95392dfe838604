import { fixed, table } from '../table.js'
import type { HoldReport } from './loop-holds.js'

export const HOLD_LIMIT_MS = 50

export function holdsTable(rows: readonly { readonly name: string; readonly report: HoldReport }[]): string {
  return table(
    ['', 'longest hold', 'by the clock', 'with GC', 'longest GC pause', 'GC in all', `above ${HOLD_LIMIT_MS} ms`],
    rows.map(({ name, report }) => [
      name,
      `${fixed(report.longestMs, 1)} ms`,
      `${fixed(report.longestByClockMs, 1)} ms`,
      `${fixed(report.longestWithGcMs, 1)} ms`,
      `${fixed(report.longestGcMs, 1)} ms`,
      `${fixed(report.gcTotalMs, 0)} ms`,
      String(report.above50),
    ]),
  )
}

export const HOLDS_EXPLAINED =
  '  Longest hold: garbage collection taken off, and no more than the processor time its thread had in it; by the clock: ' +
  '\n  what other processes took of the machine is in it too.'
