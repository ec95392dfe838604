import { type Box, boxContains } from './box.js'

export const NEW_YORK: Box = {
  minLatitude: 40.56,
  maxLatitude: 40.878,
  minLongitude: -74.054,
  maxLongitude: -73.722,
}

export const inNewYork = (latitude: number, longitude: number): boolean => boxContains(NEW_YORK, latitude, longitude)
