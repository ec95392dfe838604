export { GENERATED_TRIPS, type GenerateOptions, generateTrips } from './generate/generate.js'
export { ORDERING_CAPACITY, type OrderedTrips, type OrderOptions, orderByDropoff } from './order.js'
export { openTrips, type TripSource } from './read.js'
export { describeUnreadable, type TripReading, type UnreadableRow } from './reading.js'
