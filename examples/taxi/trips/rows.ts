import type { TripCounter } from './reading.js'

/** A line of a file that is not blank. */
export interface Row {
  readonly file: string
  readonly line: number
  readonly text: string
}

export const CAUSES = {
  tooLong: 'the line is longer than 1 MB',
  coordinateMissing: 'a coordinate is missing',
  coordinateInvalid: 'a coordinate is not a number',
  timeMissing: 'a time is missing',
  timeInvalid: 'a time cannot be read, or lies before 1970',
  notAnObject: 'the line is not a JSON object',
  notATrip: 'the event is of another type',
  notARide: 'the event is neither START nor END',
} as const

export type Cause = keyof typeof CAUSES

/** Why a row cannot be read, and the part of it that shows it. */
export interface Unreadable {
  readonly cause: Cause
  readonly found: string
}

export function countUnreadable(counter: TripCounter, row: Row, { cause, found }: Unreadable): void {
  counter.countUnreadable({ file: row.file, line: row.line, cause: CAUSES[cause], found })
}
