import type { Order } from './job.js'

const START = Date.UTC(2030, 0, 1)
const HOUR_MS = 3_600_000

/** Orders of three hours, the same each time. */
export function someOrders(count: number): readonly Order[] {
  return Array.from({ length: count }, (_, n) => ({
    customer: `c${(n * 37) % 101}`,
    amount: ((n * 13) % 50) + 1,
    at: START + Math.floor((n * 3 * HOUR_MS) / count),
  }))
}
