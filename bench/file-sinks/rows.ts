/** A trip, as an archive of them has it. */
export interface Trip {
  readonly id: number
  readonly at: number
  readonly cell: string
  readonly lat: number
  readonly lon: number
  readonly fare: number
  readonly airport: string | null
}

export const TRIP_SCHEMA = {
  id: 'int64',
  at: 'timestamp-ms',
  cell: 'string',
  lat: 'double',
  lon: 'double',
  fare: 'double',
  airport: { type: 'string', nullable: true },
} as const

export function makeTrips(count: number): Trip[] {
  let state = 12_345
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, (_, id) => ({
    id,
    at: 1_767_225_600_000 + id * 37,
    cell: `dr5r${Math.floor(next() * 4096).toString(36)}`,
    lat: 40.56 + next() * 0.3,
    lon: -74.05 + next() * 0.3,
    fare: Math.round(next() * 5000) / 100,
    airport: next() < 0.1 ? 'JFK' : null,
  }))
}
