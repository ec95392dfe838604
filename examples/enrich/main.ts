import { Command } from 'commander'
import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { countOf } from '../shared/arguments.js'
import { command, print } from '../shared/command.js'
import { enrichJob, type Turnover } from './job.js'
import { someOrders } from './orders.js'
import { startCustomerService } from './service.js'

interface Options {
  readonly orders: number
}

await command(async () => {
  const { orders } = new Command('npm run enrich --')
    .description('Orders get the country of their customer from an HTTP service on this machine.')
    .option('--orders <n>', 'made up, the same each time', countOf, 2000)
    .allowExcessArguments(false)
    .parse(process.argv.slice(2), { from: 'user' })
    .opts<Options>()
  const service = await startCustomerService()
  try {
    const rows: Turnover[] = []
    const handle = await run(
      enrichJob({ orders: collection(someOrders(orders)), turnover: collectInto(rows), url: service.url }),
    )
    await handle.result
    print('hour              country  turnover')
    for (const { end, country, amount } of rows.sort((a, b) => a.end - b.end || a.country.localeCompare(b.country))) {
      const hour = new Date(end - 3_600_000).toISOString().slice(0, 16)
      print(`${hour}  ${country}  ${String(amount).padStart(12)}`)
    }
    print(`${orders} orders, ${service.requests()} requests`)
  } finally {
    await service.close()
  }
})
