import { emitted, type HarnessInput } from '../../../harness/index.js'
import type { Expected, Reading, Row } from './model.js'

export type Read = Extract<HarnessInput<Reading>, { kind: 'record' }>
/** How far a record makes a window reach that starts there. */
export type EndOf = (record: Read, start: number) => number

/** Windows of a key that follow each other, the slow way: all records cut by time, in whatever order they come. */
export function cutByTime(input: readonly HarnessInput<Reading>[], endOf: EndOf): Pick<Expected, 'rows' | 'late'> {
  const { onTime, late } = splitLate(input, endOf)
  return {
    rows: byWatermark(cut(onTime, endOf), input).map((row) => emitted(row, row.end - 1)),
    late: late.map(({ value, timestamp }) => emitted(value, timestamp)),
  }
}

/** A record belongs to the window that is open, and may make it longer, or opens one. */
export function cut(records: readonly Read[], endOf: EndOf): Row[] {
  const rows: { key: string; start: number; end: number; values: number[] }[] = []
  for (const record of [...records].sort((left, right) => left.timestamp - right.timestamp)) {
    const { value, timestamp } = record
    let row = rows.findLast(({ key, end }) => key === value.key && timestamp < end)
    if (row === undefined) {
      row = { key: value.key, start: timestamp, end: timestamp, values: [] }
      rows.push(row)
    }
    row.end = Math.max(row.end, endOf(record, row.start))
    row.values.push(value.value)
  }
  return rows.map((row) => ({ ...row, values: row.values.sort((left, right) => left - right) }))
}

/** A record behind the watermark is late, unless the records before it have opened a window that holds it. */
function splitLate(input: readonly HarnessInput<Reading>[], endOf: EndOf) {
  const onTime: Read[] = []
  const late: Read[] = []
  let now = Number.NEGATIVE_INFINITY
  for (const element of input) {
    if (element.kind === 'watermark') now = Math.max(now, element.timestamp)
    if (element.kind !== 'record') continue
    const { value, timestamp } = element
    const open = cut(
      onTime.filter((record) => record.timestamp <= now),
      endOf,
    )
    const isHeld = open.some(
      ({ key, start, end }) => key === value.key && start <= timestamp && timestamp < end && end - 1 > now,
    )
    if (timestamp > now || isHeld) onTime.push(element)
    else late.push(element)
  }
  return { onTime, late }
}

/** In the order in which watermarks reach them. */
function byWatermark(rows: readonly Row[], input: readonly HarnessInput<Reading>[]): Row[] {
  const steps = input.map((element) => (element.kind === 'watermark' ? element.timestamp : Number.NEGATIVE_INFINITY))
  const stepOf = ({ end }: Row): number => {
    const step = steps.findIndex((time) => time >= end - 1)
    return step < 0 ? input.length : step
  }
  return [...rows].sort((left, right) => stepOf(left) - stepOf(right))
}
