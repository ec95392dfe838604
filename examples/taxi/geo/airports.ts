import { type Box, boxContains } from './box.js'

export type AirportCode = 'JFK' | 'LGA'

export interface Airport {
  readonly code: AirportCode
  readonly name: string
  readonly box: Box
}

/** In the order in which they are looked at. */
export const AIRPORTS: readonly Airport[] = [
  {
    code: 'JFK',
    name: 'John F. Kennedy',
    box: { minLatitude: 40.632, maxLatitude: 40.654, minLongitude: -73.8, maxLongitude: -73.761 },
  },
  {
    code: 'LGA',
    name: 'LaGuardia',
    box: { minLatitude: 40.766, maxLatitude: 40.778, minLongitude: -73.881, maxLongitude: -73.859 },
  },
]

/** The airport whose box holds the point, `undefined` for everywhere else. */
export function airportAt(latitude: number, longitude: number): AirportCode | undefined {
  for (const airport of AIRPORTS) if (boxContains(airport.box, latitude, longitude)) return airport.code
  return undefined
}
