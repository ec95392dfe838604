export { openTrips, type TripSource } from './read.js'
export { describeUnreadable, type TripReading, type UnreadableRow } from './reading.js'
