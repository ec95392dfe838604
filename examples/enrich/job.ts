import { boundedOutOfOrderness, defineJob, hours, type Sink, type Source, seconds, sum, tumbling } from 'tidemark'

export interface Order {
  readonly customer: string
  readonly amount: number
  /** Epoch milliseconds. */
  readonly at: number
}

export interface Customer {
  readonly country: string
}

export interface Turnover {
  readonly country: string
  /** Of the hour, epoch milliseconds. */
  readonly end: number
  readonly amount: number
}

export interface EnrichOptions {
  readonly orders: Source<Order>
  readonly turnover: Sink<Turnover>
  /** Of the customer service. */
  readonly url: string
}

/** Turnover by country and hour. Orders name the customer alone: where that one lives, a service knows. */
export function enrichJob({ orders, turnover, url }: EnrichOptions) {
  return defineJob('enrich', (job) => {
    job
      .from('orders', orders, boundedOutOfOrderness({ timestamp: (order) => order.at, maxDelay: seconds(10) }))
      .mapAsync('customer', async (order, { signal }) => ({ ...order, ...(await customerOf(order, url, signal)) }), {
        capacity: 20,
        timeout: seconds(30),
        // The windows put orders together whatever order they come in.
        ordered: false,
        retry: { attempts: 10 },
      })
      .keyBy((order) => order.country)
      .window(tumbling(hours(1)))
      .aggregate('per-country', { amount: sum((order) => order.amount) })
      .map(({ key, window, amount }) => ({ country: key, end: window.end, amount }))
      .to('turnover', turnover)
  })
}

async function customerOf(order: Order, url: string, signal: AbortSignal): Promise<Customer> {
  const reply = await fetch(`${url}/customers/${encodeURIComponent(order.customer)}`, { signal })
  if (!reply.ok) throw new RangeError(`customer ${order.customer}: the service said ${reply.status}`)
  // The service is ours; one that is not is checked with a schema.
  return (await reply.json()) as Customer
}
