import type { TripEvent } from '../events/index.js'
import type { Unreadable } from './rows.js'
import { parseTripTime } from './wall-clock.js'

/** The fields of a row as a file has them; `undefined` and blank text are missing. */
export interface TripFields {
  readonly tripId: string | undefined
  readonly pickupTime: string | undefined
  readonly dropoffTime: string | undefined
  readonly pickupLongitude: string | undefined
  readonly pickupLatitude: string | undefined
  readonly dropoffLongitude: string | undefined
  readonly dropoffLatitude: string | undefined
  readonly totalAmount: string | undefined
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
/** More is no id, and would not do as a partition key. */
const LONGEST_ID = 256
const INTEGER = /^(?:0|[1-9]\d{0,14})$/

const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === ''

function finiteNumber(text: string | undefined): number {
  const trimmed = text?.trim() ?? ''
  const value = DECIMAL.test(trimmed) ? Number(trimmed) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}

function tripIdOf(text: string | undefined): number | string | undefined {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '' || trimmed.length > LONGEST_ID) return undefined
  return INTEGER.test(trimmed) ? Number(trimmed) : trimmed
}

/** A trip is readable when it has four finite coordinates and both times; all else is optional. */
export function tripOf(fields: TripFields): TripEvent | Unreadable {
  const trip: TripEvent = {
    type: 'trip',
    tripId: tripIdOf(fields.tripId),
    pickupLatitude: finiteNumber(fields.pickupLatitude),
    pickupLongitude: finiteNumber(fields.pickupLongitude),
    dropoffLatitude: finiteNumber(fields.dropoffLatitude),
    dropoffLongitude: finiteNumber(fields.dropoffLongitude),
    totalAmount: optional(finiteNumber(fields.totalAmount)),
    pickupTime: parseTripTime(fields.pickupTime ?? ''),
    dropoffTime: parseTripTime(fields.dropoffTime ?? ''),
  }
  const sum = trip.pickupLatitude + trip.pickupLongitude + trip.dropoffLatitude + trip.dropoffLongitude
  return Number.isNaN(sum + trip.pickupTime + trip.dropoffTime) ? reasonOf(trip, fields) : trip
}

const optional = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value)

function reasonOf(trip: TripEvent, fields: TripFields): Unreadable {
  for (const name of ['pickupTime', 'dropoffTime'] as const) {
    if (isBlank(fields[name])) return { cause: 'timeMissing', found: shown(fields) }
    if (Number.isNaN(trip[name])) return { cause: 'timeInvalid', found: fields[name] ?? '' }
  }
  for (const name of ['pickupLongitude', 'pickupLatitude', 'dropoffLongitude', 'dropoffLatitude'] as const) {
    if (isBlank(fields[name])) return { cause: 'coordinateMissing', found: shown(fields) }
    if (Number.isNaN(trip[name])) return { cause: 'coordinateInvalid', found: fields[name] ?? '' }
  }
  return { cause: 'coordinateInvalid', found: shown(fields) }
}

/** What the row has of the six fields that it needs. */
function shown(fields: TripFields): string {
  const { pickupTime, dropoffTime, pickupLongitude, pickupLatitude, dropoffLongitude, dropoffLatitude } = fields
  return [pickupTime, dropoffTime, pickupLongitude, pickupLatitude, dropoffLongitude, dropoffLatitude].join(',')
}
