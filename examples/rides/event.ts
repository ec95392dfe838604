import { csv, type FileSourceFormat } from 'tidemark/file'
import { z } from 'zod'

export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** A ride has two events, and both say where it begins and ends. */
export interface RideEvent {
  readonly type: 'start' | 'end'
  readonly ride: number
  /** When it began or ended, epoch milliseconds. */
  readonly at: number
  readonly from: Place
  readonly to: Place
  readonly passengers: number
  readonly taxi: number
  readonly driver: number
}

const COLUMNS = [
  'ride',
  'type',
  'at',
  'otherTime',
  'fromLongitude',
  'fromLatitude',
  'toLongitude',
  'toLatitude',
  'passengers',
  'taxi',
  'driver',
] as const

const number = z
  .string()
  .regex(/^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i, 'is no number')
  .transform(Number)
/** Wall-clock time without a zone, read as UTC. */
const wallClock = z
  .string()
  .transform((text) => Date.parse(`${text.replace(' ', 'T')}Z`))
  .refine((at) => !Number.isNaN(at), 'is no time')

const Row = z.object({
  ride: number,
  type: z.enum(['START', 'END']),
  at: wallClock,
  fromLongitude: number,
  fromLatitude: number,
  toLongitude: number,
  toLatitude: number,
  passengers: number,
  taxi: number,
  driver: number,
})

const Event = Row.transform(
  ({ ride, type, at, passengers, taxi, driver, ...places }): RideEvent => ({
    type: type === 'START' ? 'start' : 'end',
    ride,
    at,
    from: { latitude: places.fromLatitude, longitude: places.fromLongitude },
    to: { latitude: places.toLatitude, longitude: places.toLongitude },
    passengers,
    taxi,
    driver,
  }),
)

/**
 * The files of Flink's training exercises: `rideId,START or END,eventTime,otherTime,startLon,startLat,endLon,endLat,
 * passengers,taxiId,driverId`, without a header.
 */
export function rideFile(): FileSourceFormat<RideEvent> {
  return csv({ header: false, columns: COLUMNS, schema: Event })
}
