import { HOT_SPOTS } from './hot-spots.js'
import type { Point } from './plane.js'
import type { Seeded } from './seeded.js'
import { type Curb, cityCurbs } from './streets.js'

/** How far a recorded position is from the curb: tall buildings bend GPS. */
const GPS_ERROR_METRES = 7

/** Chooses curbs as often as taxis stop there. */
export interface CurbChooser {
  choose(random: Seeded, isNight: boolean): Point
}

export function curbChooser(): CurbChooser {
  const curbs = cityCurbs()
  const day = new Float64Array(curbs.length)
  const night = new Float64Array(curbs.length)
  let daySum = 0
  let nightSum = 0
  curbs.forEach((curb, index) => {
    const drawn = attraction(curb)
    day[index] = daySum += curb.base * (1 + drawn.day)
    night[index] = nightSum += curb.base * (0.7 + drawn.night)
  })
  return {
    choose(random, isNight) {
      const sums = isNight ? night : day
      const curb = curbs[firstAbove(sums, random.next() * (isNight ? nightSum : daySum))] as Curb // below the last sum
      return {
        east: curb.east + random.gaussian() * GPS_ERROR_METRES,
        north: curb.north + random.gaussian() * GPS_ERROR_METRES,
      }
    },
  }
}

function attraction(curb: Curb): { day: number; night: number } {
  let day = 0
  let night = 0
  for (const spot of HOT_SPOTS) {
    const distance = ((curb.east - spot.east) ** 2 + (curb.north - spot.north) ** 2) / (2 * spot.radius ** 2)
    if (distance > 12) continue
    const strength = Math.exp(-distance)
    day += spot.day * strength
    night += spot.night * strength
  }
  return { day, night }
}

/** Index of the first sum that is greater than `value`, by halving. */
function firstAbove(sums: Float64Array, value: number): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sums[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}
