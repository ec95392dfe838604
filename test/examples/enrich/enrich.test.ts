import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { expect, it, onTestFinished } from 'vitest'
import { enrichJob, type Turnover } from '../../../examples/enrich/job.js'
import { someOrders } from '../../../examples/enrich/orders.js'
import { startCustomerService } from '../../../examples/enrich/service.js'
import { expectedTurnover } from './expected.js'

const text = ({ end, country, amount }: Turnover) => `${end} ${country} ${amount}`

it('turnover by country and hour is that of a plain loop, though the service refuses every tenth request', async () => {
  const service = await startCustomerService()
  onTestFinished(() => service.close())
  const orders = someOrders(500)
  const rows: Turnover[] = []
  const job = enrichJob({ orders: collection(orders), turnover: collectInto(rows), url: service.url })
  const handle = await run(job, { parallelism: 2 })
  await handle.result

  expect(rows.map(text).sort()).toEqual(expectedTurnover(orders).map(text).sort())
  expect(service.requests()).toBeGreaterThan(500)
})
