import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { expect, it, onTestFinished } from 'vitest'
import { enrichJob, type Turnover } from '../../../examples/enrich/job.js'
import { someOrders } from '../../../examples/enrich/orders.js'
import { countryOf, startCustomerService } from '../../../examples/enrich/service.js'

const HOUR_MS = 3_600_000
const text = ({ end, country, amount }: Turnover) => `${end} ${country} ${amount}`

it('turnover by country and hour is that of a plain loop, though the service refuses every tenth request', async () => {
  const service = await startCustomerService()
  onTestFinished(() => service.close())
  const orders = someOrders(500)
  const rows: Turnover[] = []
  const job = enrichJob({ orders: collection(orders), turnover: collectInto(rows), url: service.url })
  const handle = await run(job, { parallelism: 2 })
  await handle.result

  const totals = new Map<string, number>()
  for (const { customer, amount, at } of orders) {
    const id = `${(Math.floor(at / HOUR_MS) + 1) * HOUR_MS} ${countryOf(customer)}`
    totals.set(id, (totals.get(id) ?? 0) + amount)
  }
  expect(rows.map(text).sort()).toEqual([...totals].map(([id, amount]) => `${id} ${amount}`).sort())
  expect(service.requests()).toBeGreaterThan(500)
})
