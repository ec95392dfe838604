import type { Order, Turnover } from '../../../examples/enrich/job.js'
import { countryOf } from '../../../examples/enrich/service.js'

const HOUR_MS = 3_600_000

/** By a plain loop; by hour, then country. */
export function expectedTurnover(orders: readonly Order[]): readonly Turnover[] {
  const totals = new Map<string, Turnover>()
  for (const { customer, amount, at } of orders) {
    const [end, country] = [(Math.floor(at / HOUR_MS) + 1) * HOUR_MS, countryOf(customer)]
    const id = `${end} ${country}`
    totals.set(id, { end, country, amount: (totals.get(id)?.amount ?? 0) + amount })
  }
  return [...totals.values()].sort((a, b) => a.end - b.end || a.country.localeCompare(b.country))
}
