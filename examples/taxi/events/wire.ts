import { TidemarkError } from 'tidemark'
import type { TaxiEvent, TripEvent, WatermarkEvent } from './event.js'
import { formatInstant, parseInstant } from './instant.js'

/*
 * The wire format: one JSON object a record, a newline at its end, snake_case fields, times as ISO instants. Fields that
 * are not named here are ignored.
 */

type FieldName =
  | 'type'
  | 'watermark'
  | 'trip_id'
  | 'pickup_latitude'
  | 'pickup_longitude'
  | 'dropoff_latitude'
  | 'dropoff_longitude'
  | 'total_amount'
  | 'pickup_datetime'
  | 'dropoff_datetime'

type WireFields = Readonly<Partial<Record<FieldName, unknown>>>

const encoder = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

export function encodeTaxiEvent(event: TaxiEvent): Uint8Array {
  return encoder.encode(event.type === 'trip' ? tripLine(event) : watermarkLine(event))
}

function watermarkLine(event: WatermarkEvent): string {
  return `{"watermark":"${formatInstant(event.watermark)}","type":"watermark"}\n`
}

function tripLine(trip: TripEvent): string {
  const tripId = trip.tripId === undefined ? '' : `"trip_id":${JSON.stringify(trip.tripId)},`
  const totalAmount = trip.totalAmount === undefined ? '' : `"total_amount":${trip.totalAmount},`
  return `{"type":"trip",${tripId}"pickup_latitude":${trip.pickupLatitude},"pickup_longitude":${trip.pickupLongitude},"dropoff_latitude":${trip.dropoffLatitude},"dropoff_longitude":${trip.dropoffLongitude},${totalAmount}"pickup_datetime":"${formatInstant(trip.pickupTime)}","dropoff_datetime":"${formatInstant(trip.dropoffTime)}"}\n`
}

/**
 * Reads one record of the stream.
 * @throws TidemarkError RECORD_MALFORMED for what is not UTF-8, not a JSON object, of another `type`, or lacks a
 * coordinate or a time. `trip_id` and `total_amount` are optional, and absent where they have another type.
 */
export function decodeTaxiEvent(bytes: Uint8Array): TaxiEvent {
  const fields = parseObject(bytes)
  const type = fields.type
  if (type === 'trip') return decodeTrip(fields)
  if (type === 'watermark') return { type: 'watermark', watermark: instantField(fields, 'watermark') }
  throw malformed(`type is ${describe(type)}, expected 'trip' or 'watermark'`)
}

function decodeTrip(fields: WireFields): TripEvent {
  const tripId = fields.trip_id
  const totalAmount = fields.total_amount
  return {
    type: 'trip',
    tripId: typeof tripId === 'number' || typeof tripId === 'string' ? tripId : undefined,
    pickupLatitude: numberField(fields, 'pickup_latitude'),
    pickupLongitude: numberField(fields, 'pickup_longitude'),
    dropoffLatitude: numberField(fields, 'dropoff_latitude'),
    dropoffLongitude: numberField(fields, 'dropoff_longitude'),
    totalAmount: typeof totalAmount === 'number' && Number.isFinite(totalAmount) ? totalAmount : undefined,
    pickupTime: instantField(fields, 'pickup_datetime'),
    dropoffTime: instantField(fields, 'dropoff_datetime'),
  }
}

function parseObject(bytes: Uint8Array): WireFields {
  let value: unknown
  try {
    value = JSON.parse(strictUtf8.decode(bytes))
  } catch (cause) {
    const found = cause instanceof SyntaxError ? 'not JSON' : 'not UTF-8'
    throw malformed(`${bytes.byteLength} bytes that are ${found}, expected one JSON object`, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${describe(value)}, expected one JSON object`)
  }
  return value
}

function numberField(fields: WireFields, name: FieldName): number {
  const value = fields[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw malformed(`${name} is ${describe(value)}, expected a finite number`)
}

function instantField(fields: WireFields, name: FieldName): number {
  const value = fields[name]
  const instant = typeof value === 'string' ? parseInstant(value) : Number.NaN
  if (!Number.isNaN(instant)) return instant
  throw malformed(`${name} is ${describe(value)}, expected an ISO 8601 instant from 1970 on, with its zone`)
}

/** The kind of a value, never its contents: records are not to appear in messages. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'number' && !Number.isFinite(value)) return 'infinite'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function malformed(found: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'RECORD_MALFORMED',
    domain: 'user',
    message: `taxi event: ${found}`,
    ...(cause === undefined ? {} : { cause }),
  })
}
