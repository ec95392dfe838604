import type { PickupCount } from './input.js'

/** The `limit` rows with most pickups; equal counts in order of time, then of cell, so the order never depends on the input's. */
export function hottest(rows: readonly PickupCount[], limit: number): readonly PickupCount[] {
  return [...rows].sort(byHeat).slice(0, limit)
}

function byHeat(left: PickupCount, right: PickupCount): number {
  if (left.pickup_count !== right.pickup_count) return right.pickup_count - left.pickup_count
  if (left.timestamp !== right.timestamp) return left.timestamp - right.timestamp
  return left.location < right.location ? -1 : left.location > right.location ? 1 : 0
}
