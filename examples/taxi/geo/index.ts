export { AIRPORTS, type Airport, type AirportCode, airportAt } from './airports.js'
export { type Box, boxContains } from './box.js'
export { type GeohashBounds, geohash, geohashBounds } from './geohash.js'
export { inNewYork, NEW_YORK } from './new-york.js'
