import type { PickupCount } from '../documents.js'

/**
 * The `limit` rows with most pickups; equal counts in order of time, then of cell, so the order never depends on the
 * input's. One pass: a month has millions of rows, of which a handful is wanted.
 */
export function hottest(rows: readonly PickupCount[], limit: number): readonly PickupCount[] {
  const top: PickupCount[] = []
  for (const row of rows) {
    const coolest = top[top.length - 1]
    if (top.length === limit && (coolest === undefined || byHeat(row, coolest) >= 0)) continue
    if (top.length === limit) top.pop()
    let place = top.length
    while (place > 0 && byHeat(row, top[place - 1]!) < 0) place--
    top.splice(place, 0, row)
  }
  return top
}

function byHeat(left: PickupCount, right: PickupCount): number {
  if (left.pickup_count !== right.pickup_count) return right.pickup_count - left.pickup_count
  if (left.timestamp !== right.timestamp) return left.timestamp - right.timestamp
  return left.location < right.location ? -1 : left.location > right.location ? 1 : 0
}
