export type { TaxiEvent, TripEvent, WatermarkEvent } from './event.js'
export { formatInstant, parseInstant } from './instant.js'
export { decodeTaxiEvent, encodeTaxiEvent } from './wire.js'
