/* Types of mapAsync: what has to compile without an annotation, and what must not. */
import {
  type DeadLetter,
  defineJob,
  type FunctionContext,
  type Source,
  type Stream,
  seconds,
} from '../../core/index.js'
import { type Same, type ValueOf, yes } from './same.js'

interface Order {
  readonly id: string
  readonly total: number
}
declare const source: Source<Order>
declare function lookUp(id: string): Promise<{ readonly name: string }>

defineJob('async', (job) => {
  const orders = job.from('orders', source)

  const named = orders.mapAsync('named', async (order) => ({ ...order, ...(await lookUp(order.id)) }))
  yes<Same<ValueOf<typeof named>['name'], string>>()
  yes<Same<ValueOf<typeof named>['total'], number>>()

  const timed = orders.mapAsync('timed', (order, { signal, attempt, timestamp }) => {
    yes<Same<typeof signal, AbortSignal>>()
    yes<Same<typeof attempt | typeof timestamp, number>>()
    return lookUp(order.id)
  })
  yes<Same<ValueOf<typeof timed>, { readonly name: string }>>()

  const orElse = orders.mapAsync('or-else', (order) => lookUp(order.id), {
    capacity: 10,
    timeout: seconds(1),
    ordered: false,
    parallelism: 2,
    retry: { attempts: 3, delay: seconds(1), backoff: 2, on: (error) => error instanceof Error },
    onTimeout: (order) => order.id,
  })
  yes<Same<ValueOf<typeof orElse>, { readonly name: string } | string>>()

  const withClient = orders.mapAsync('client', {
    open: async (context: FunctionContext) => ({ url: String(context.parameters['url']) }),
    mapAsync: async (order, _context, { url }) => `${url}/${order.id}`,
    close: ({ url }) => void url.length,
  })
  yes<Same<ValueOf<typeof withClient>, string>>()

  const checked = orders.mapAsync('checked', (order) => lookUp(order.id), { onError: 'deadLetter', chaining: 'new' })
  yes<Same<typeof checked.failed, Stream<DeadLetter>>>()

  // @ts-expect-error what does not wait is a map
  orders.mapAsync('plain', (order) => order.total)
  // @ts-expect-error a property that the record does not have
  orders.mapAsync('typo', async (order) => order.totl)
  // @ts-expect-error a step with state has an id
  orders.mapAsync(async (order: Order) => order)
  // @ts-expect-error there is no such option
  orders.mapAsync('option', async (order) => order, { concurrency: 3 })
  // @ts-expect-error a duration, not a number
  orders.mapAsync('time', async (order) => order, { timeout: 1000 })
  // @ts-expect-error retry says how often
  orders.mapAsync('retry', async (order) => order, { retry: { delay: seconds(1) } })
  // @ts-expect-error calls again are retry, which wait
  orders.mapAsync('again', async (order) => order, { onError: { retry: { attempts: 3 } } })
  // @ts-expect-error what it gives has no key: mapAsync comes before keyBy
  orders.keyBy((order) => order.id).mapAsync('keyed', async (order: Order) => order)
})
