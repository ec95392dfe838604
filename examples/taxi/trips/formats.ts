import type { TripEvent } from '../events/index.js'
import { columnsIfHeader, columnsOfHeader, refused, type TripColumns } from './columns.js'
import { csvRow, csvRows } from './csv.js'
import { type TripFields, tripOf } from './fields.js'
import type { TripCounter } from './reading.js'
import { countUnreadable, type Row, type Unreadable } from './rows.js'

/** Reads the rows of one file. The first row goes to `formatOf`, and to `read` again unless `hasHeader`. */
export interface TripFormat {
  readonly hasHeader: boolean
  read(rows: readonly Row[], counter: TripCounter): TripEvent[]
}

/**
 * Chooses by the first row that is not blank: JSON lines, the rides of the Flink training (no header, START and END
 * events), or CSV with a header.
 * @throws TidemarkError TRIPS_FILE_REFUSED for everything else, in words.
 */
export function formatOf(file: string, firstRow: string): TripFormat {
  if (firstRow.startsWith('PAR1') || firstRow.includes('\0')) {
    throw refused(file, 'is not text: CSV or JSON lines are read, plain or gzip')
  }
  const start = firstRow.trimStart()
  if (start.startsWith('[')) throw refused(file, 'is a JSON array: JSON lines are read, one object a line')
  if (start.startsWith('{') || /\.(?:jsonl|ndjson|json)(?:\.gz)?$/i.test(file))
    return { hasHeader: false, read: readJson }
  const fields = csvRow(firstRow)
  if (rideEvent(fields) !== undefined) return { hasHeader: false, read: readRides }
  return csvFormat(columnsOfHeader(file, fields))
}

function csvFormat(columnsOfFile: TripColumns): TripFormat {
  let columns = columnsOfFile
  return {
    hasHeader: true,
    read(rows, counter) {
      const fieldsOfRows = csvRows(rows.map((row) => row.text))
      return collect(rows, counter, (_row, index) => {
        const fields = fieldsOfRows[index] ?? []
        const trip = tripOf(fieldsAt(fields, columns))
        if (isTrip(trip)) return trip
        // Files that were concatenated have headers in the middle.
        const header = columnsIfHeader(fields)
        if (header === undefined) return trip
        columns = header
        return 'a header in the middle of the file'
      })
    },
  }
}

function fieldsAt(row: readonly string[], columns: TripColumns): TripFields {
  return {
    tripId: row[columns.tripId],
    pickupTime: row[columns.pickupTime],
    dropoffTime: row[columns.dropoffTime],
    pickupLongitude: row[columns.pickupLongitude],
    pickupLatitude: row[columns.pickupLatitude],
    dropoffLongitude: row[columns.dropoffLongitude],
    dropoffLatitude: row[columns.dropoffLatitude],
    totalAmount: row[columns.totalAmount],
  }
}

function rideEvent(fields: readonly string[]): 'START' | 'END' | undefined {
  const event = fields[1]?.trim()
  return fields.length >= 9 && (event === 'START' || event === 'END') ? event : undefined
}

/** An END has the ride's end as its own time and its start as the other one; a START is told again by its END. */
function readRides(rows: readonly Row[], counter: TripCounter): TripEvent[] {
  return collect(rows, counter, (row) => {
    const fields = csvRow(row.text)
    const event = rideEvent(fields)
    if (event === undefined) return { cause: 'notARide', found: row.text }
    if (event === 'START') return 'a START event'
    const [tripId, , dropoffTime, pickupTime, pickupLongitude, pickupLatitude, dropoffLongitude, dropoffLatitude] =
      fields
    return tripOf({
      tripId,
      pickupTime,
      dropoffTime,
      pickupLongitude,
      pickupLatitude,
      dropoffLongitude,
      dropoffLatitude,
      totalAmount: undefined,
    })
  })
}

interface JsonTrip {
  readonly type?: unknown
  readonly trip_id?: unknown
  readonly pickup_datetime?: unknown
  readonly dropoff_datetime?: unknown
  readonly pickup_longitude?: unknown
  readonly pickup_latitude?: unknown
  readonly dropoff_longitude?: unknown
  readonly dropoff_latitude?: unknown
  readonly total_amount?: unknown
}

/** The wire format of the events, where numbers may also be text, times may lack a zone, and `type` may be absent. */
function readJson(rows: readonly Row[], counter: TripCounter): TripEvent[] {
  return collect(rows, counter, (row) => {
    const json = parseObject(row.text)
    if (json === undefined) return { cause: 'notAnObject', found: row.text }
    if (json.type === 'watermark') return 'a watermark marker'
    if (json.type !== undefined && json.type !== 'trip') return { cause: 'notATrip', found: String(json.type) }
    return tripOf({
      tripId: textOf(json.trip_id),
      pickupTime: textOf(json.pickup_datetime),
      dropoffTime: textOf(json.dropoff_datetime),
      pickupLongitude: textOf(json.pickup_longitude),
      pickupLatitude: textOf(json.pickup_latitude),
      dropoffLongitude: textOf(json.dropoff_longitude),
      dropoffLatitude: textOf(json.dropoff_latitude),
      totalAmount: textOf(json.total_amount),
    })
  })
}

function parseObject(text: string): JsonTrip | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Numbers come back exactly: their text is the shortest that reads as the same number. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : String(value)
}

const isTrip = (outcome: TripEvent | Unreadable): outcome is TripEvent => 'type' in outcome

/** Counts the outcome of each row: a trip, why there is none, or (a string) why there is none to be expected. */
function collect(
  rows: readonly Row[],
  counter: TripCounter,
  read: (row: Row, index: number) => TripEvent | Unreadable | string,
): TripEvent[] {
  const trips: TripEvent[] = []
  rows.forEach((row, index) => {
    const outcome = read(row, index)
    if (typeof outcome === 'string') counter.countIgnored(outcome)
    else if (isTrip(outcome)) trips.push(outcome)
    else countUnreadable(counter, row, outcome)
  })
  counter.trips += trips.length
  return trips
}
