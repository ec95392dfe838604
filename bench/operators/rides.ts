import type { Ride } from '../windows/rides.js'

export type { Ride }

export const START = Date.UTC(2016, 0, 1)

export interface RideOptions {
  readonly zones: number
  readonly stepMs: number
  /** Other rides. Default 1. */
  readonly seed?: number
}

/** In order, one every `stepMs` of event time, zone and fare by chance. */
export function chanceRides(amount: number, { zones, stepMs, seed = 1 }: RideOptions): Ride[] {
  const names = Array.from({ length: zones }, (_, zone) => `zone-${zone}`)
  let state = seed
  const chance = (below: number): number => {
    // An LCG of 32 bits (Numerical Recipes), its upper bits.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: amount }, (_, index) => ({
    zone: names[chance(zones)] as string,
    at: START + index * stepMs,
    fare: chance(50),
  }))
}

/** Each zone once in each round of all, in order. */
export function rideInTurn(amount: number, { zones, stepMs }: RideOptions): Ride[] {
  const names = Array.from({ length: zones }, (_, zone) => `zone-${zone}`)
  return Array.from({ length: amount }, (_, index) => ({
    zone: names[index % zones] as string,
    at: START + index * stepMs,
    fare: index % 50,
  }))
}
