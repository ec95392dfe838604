import { TidemarkError } from 'tidemark'

/** The position of each field in a row; -1 for what a file does not have. */
export interface TripColumns {
  readonly tripId: number
  readonly pickupTime: number
  readonly dropoffTime: number
  readonly pickupLongitude: number
  readonly pickupLatitude: number
  readonly dropoffLongitude: number
  readonly dropoffLatitude: number
  readonly totalAmount: number
}

/**
 * Names that the TLC used from 2009 to 2016 (and Azure's copy of its files), in lower case and without anything but
 * letters and digits.
 */
const NAMES: Readonly<Record<keyof TripColumns, readonly string[]>> = {
  tripId: ['tripid'],
  pickupTime: ['pickupdatetime', 'tpeppickupdatetime', 'lpeppickupdatetime', 'trippickupdatetime'],
  dropoffTime: ['dropoffdatetime', 'tpepdropoffdatetime', 'lpepdropoffdatetime', 'tripdropoffdatetime'],
  pickupLongitude: ['pickuplongitude', 'startlon'],
  pickupLatitude: ['pickuplatitude', 'startlat'],
  dropoffLongitude: ['dropofflongitude', 'endlon'],
  dropoffLatitude: ['dropofflatitude', 'endlat'],
  totalAmount: ['totalamount', 'totalamt'],
}

const COORDINATES = {
  pickup_longitude: 'pickupLongitude',
  pickup_latitude: 'pickupLatitude',
  dropoff_longitude: 'dropoffLongitude',
  dropoff_latitude: 'dropoffLatitude',
} as const

const TIMES = { pickup_datetime: 'pickupTime', dropoff_datetime: 'dropoffTime' } as const

const normalized = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

function findColumns(header: readonly string[]): TripColumns {
  const found = header.map(normalized)
  const position = (field: keyof TripColumns): number => found.findIndex((name) => NAMES[field].includes(name))
  return {
    tripId: position('tripId'),
    pickupTime: position('pickupTime'),
    dropoffTime: position('dropoffTime'),
    pickupLongitude: position('pickupLongitude'),
    pickupLatitude: position('pickupLatitude'),
    dropoffLongitude: position('dropoffLongitude'),
    dropoffLatitude: position('dropoffLatitude'),
    totalAmount: position('totalAmount'),
  }
}

function missing(columns: TripColumns, wanted: Readonly<Record<string, keyof TripColumns>>): readonly string[] {
  return Object.entries(wanted).flatMap(([name, field]) => (columns[field] === -1 ? [name] : []))
}

/** The columns of a row that is a complete header; `undefined` for every other row. */
export function columnsIfHeader(row: readonly string[]): TripColumns | undefined {
  const columns = findColumns(row)
  return missing(columns, { ...COORDINATES, ...TIMES }).length === 0 ? columns : undefined
}

/** @throws TidemarkError TRIPS_FILE_REFUSED naming what the header lacks. */
export function columnsOfHeader(file: string, header: readonly string[]): TripColumns {
  const columns = findColumns(header)
  const coordinates = missing(columns, COORDINATES)
  const times = missing(columns, TIMES)
  if (coordinates.length + times.length === 0) return columns
  const hasZones = header.some((name) => normalized(name) === 'pulocationid')
  if (coordinates.length > 0 && hasZones) {
    throw refused(
      file,
      `has no coordinates (${coordinates.join(', ')}), only taxi zones (PULocationID), as the TLC's files do from July 2016 ` +
        'on; take one from before that',
    )
  }
  if (coordinates.length + times.length === 6) {
    const start = JSON.stringify(header.join(',').slice(0, 60))
    throw refused(
      file,
      `begins with no header of a trip file: expected columns such as pickup_datetime, found ${start}`,
    )
  }
  throw refused(
    file,
    `has no column ${[...times, ...coordinates].join(', ')}; both times and four coordinates are needed`,
  )
}

export function refused(file: string, reason: string): TidemarkError {
  return new TidemarkError({ code: 'TRIPS_FILE_REFUSED', domain: 'user', message: `${file}: ${reason}` })
}
