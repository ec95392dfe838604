import type { Emitted, HarnessInput } from '../../../harness/index.js'
import { emitted } from '../../../harness/index.js'

export interface Reading {
  readonly key: string
  readonly value: number
}

export interface Row {
  readonly key: string
  readonly start: number
  readonly end: number
  readonly values: readonly number[]
}

export interface Expected {
  readonly rows: readonly Emitted<Row>[]
  readonly late: readonly Emitted<Reading>[]
  readonly outside: number
}

interface Kept {
  readonly key: string
  start: number
  end: number
  values: number[]
}

/**
 * Event-time windows the slow way: every record of a window in a list, every window looked at whenever time moves.
 * Values are given sorted: in which order a window saw them is not what is tested here.
 */
export function aligned(
  input: readonly HarnessInput<Reading>[],
  { size, slide, offset, lateness }: { size: number; slide: number; offset: number; lateness: number },
): Expected {
  let watermark = Number.NEGATIVE_INFINITY
  let outside = 0
  const rows: Emitted<Row>[] = []
  const late: Emitted<Reading>[] = []
  const windows = new Map<string, Kept>()
  const fire = (kept: Kept): void => {
    rows.push(rowOf(kept))
  }
  for (const element of input) {
    if (element.kind === 'record') {
      const { value, timestamp } = element
      let isTaken = false
      const newest = Math.floor((timestamp - offset) / slide)
      for (let index = newest - Math.ceil(size / slide) - 1; index <= newest; index++) {
        const start = index * slide + offset
        const end = start + size
        if (timestamp < start || timestamp >= end || end - 1 + lateness <= watermark) continue
        isTaken = true
        const id = `${start}/${value.key}`
        const kept = windows.get(id) ?? { key: value.key, start, end, values: [] }
        windows.set(id, kept)
        kept.values.push(value.value)
        if (end - 1 <= watermark) fire(kept)
      }
      if (!isTaken && timestamp + lateness <= watermark) late.push(emitted(value, timestamp))
      else if (!isTaken) outside++
    } else if (element.kind !== 'processingTime') {
      const previous = watermark
      watermark = element.kind === 'end' ? Number.POSITIVE_INFINITY : Math.max(watermark, element.timestamp)
      const due = [...windows.values()].filter((kept) => kept.end - 1 > previous && kept.end - 1 <= watermark)
      for (const kept of due.sort((left, right) => left.end - right.end)) fire(kept)
    }
  }
  return { rows, late, outside }
}

/** Session windows the slow way. */
export function sessions(
  input: readonly HarnessInput<Reading>[],
  { gap, lateness }: { gap: number; lateness: number },
): Expected {
  let watermark = Number.NEGATIVE_INFINITY
  const rows: Emitted<Row>[] = []
  const late: Emitted<Reading>[] = []
  let open: Kept[] = []
  for (const element of input) {
    if (element.kind === 'record') {
      const { value, timestamp } = element
      const merged: Kept = { key: value.key, start: timestamp, end: timestamp + gap, values: [] }
      const touching = open.filter(
        (kept) => kept.key === value.key && kept.start <= merged.end && kept.end >= merged.start,
      )
      for (const kept of touching) {
        merged.start = Math.min(merged.start, kept.start)
        merged.end = Math.max(merged.end, kept.end)
        merged.values.push(...kept.values)
      }
      if (merged.end - 1 + lateness <= watermark) {
        late.push(emitted(value, timestamp))
        continue
      }
      merged.values.push(value.value)
      open = [...open.filter((kept) => !touching.includes(kept)), merged]
      if (merged.end - 1 <= watermark) rows.push(rowOf(merged))
    } else if (element.kind !== 'processingTime') {
      const previous = watermark
      watermark = element.kind === 'end' ? Number.POSITIVE_INFINITY : Math.max(watermark, element.timestamp)
      const due = open.filter((kept) => kept.end - 1 > previous && kept.end - 1 <= watermark)
      for (const kept of due) rows.push(rowOf(kept))
      open = open.filter((kept) => kept.end - 1 + lateness > watermark)
    }
  }
  return { rows, late, outside: 0 }
}

function rowOf({ key, start, end, values }: Kept): Emitted<Row> {
  return emitted({ key, start, end, values: [...values].sort((left, right) => left - right) }, end - 1)
}
