/** How the trips of a day spread over its hours, from midnight on. */
const TRIPS_BY_HOUR = [
  3.2, 2.4, 1.8, 1.3, 1, 1, 2, 3.6, 4.6, 4.6, 4.4, 4.5, 4.7, 4.7, 4.9, 4.7, 4.2, 4.9, 6, 6.3, 5.9, 5.7, 5.5, 4.6,
] as const

const METRES_PER_SECOND_BY_HOUR = [
  6.6, 7, 7.4, 7.8, 8.2, 8.2, 7, 5, 4, 3.8, 3.8, 3.7, 3.6, 3.6, 3.5, 3.5, 3.7, 3.6, 3.8, 4.2, 4.8, 5.2, 5.6, 6,
] as const

export const SLOT_SECONDS = 300
const SLOTS = 86_400 / SLOT_SECONDS

/** How many of `trips` begin in each slot of five minutes; the sum is exact. */
export function tripsBySlot(trips: number): readonly number[] {
  const weights = Array.from({ length: SLOTS }, (_, slot) =>
    between(TRIPS_BY_HOUR, ((slot + 0.5) * SLOT_SECONDS) / 3600),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let weightSoFar = 0
  let tripsSoFar = 0
  return weights.map((weight) => {
    weightSoFar += weight
    const until = Math.round((trips * weightSoFar) / total)
    const count = until - tripsSoFar
    tripsSoFar = until
    return count
  })
}

export function metresPerSecond(secondOfDay: number): number {
  return between(METRES_PER_SECOND_BY_HOUR, secondOfDay / 3600)
}

export const isNight = (secondOfDay: number): boolean => secondOfDay < 5 * 3600 || secondOfDay >= 21 * 3600

/** Values belong to the middle of their hour; between two of them the line is straight, midnight included. */
function between(byHour: readonly number[], hour: number): number {
  const at = hour - 0.5 + 24
  const before = Math.floor(at)
  const share = at - before
  return (byHour[before % 24] ?? 0) * (1 - share) + (byHour[(before + 1) % 24] ?? 0) * share
}
