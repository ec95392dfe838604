import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { enrichJob, type Turnover } from './job.js'
import { someOrders } from './orders.js'
import { startCustomerService } from './service.js'

const service = await startCustomerService()
const rows: Turnover[] = []
const handle = await run(
  enrichJob({ orders: collection(someOrders(2000)), turnover: collectInto(rows), url: service.url }),
)
await handle.result
await service.close()

process.stdout.write('hour              country  turnover\n')
for (const { end, country, amount } of rows.sort((a, b) => a.end - b.end || a.country.localeCompare(b.country))) {
  process.stdout.write(
    `${new Date(end - 3_600_000).toISOString().slice(0, 16)}  ${country}  ${String(amount).padStart(12)}\n`,
  )
}
process.stdout.write(`2000 orders, ${service.requests()} requests\n`)
