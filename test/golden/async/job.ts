import { boundedOutOfOrderness, type DeadLetter, defineJob, millis, type Source, tumbling } from 'tidemark'
import { lineWriter } from '../golden-job.js'

export interface Order {
  readonly n: number
  readonly at: number
}

export interface Answer extends Order {
  readonly said: string
}

export const START = Date.UTC(2026, 2, 1)
export const DISORDER_MS = 20_000
export const WINDOW_MS = 60_000
export const CAPACITY = 12
/** What a record has that the service did not answer for in time. */
export const NO_ANSWER = 'no answer'
export const RESULTS = ['answers', 'counts', 'refused', 'late'] as const

/** By split, a second apart and nearly in order. */
export function makeOrders(count: number, splits = 3): readonly (readonly Order[])[] {
  return Array.from({ length: splits }, (_, split) =>
    Array.from({ length: Math.floor(count / splits) }, (__, index): Order => {
      const n = index * splits + split
      return { n, at: START + n * 1000 - ((n * 7919) % 20) * 1000 }
    }),
  )
}

export interface AsyncJobOptions {
  readonly out: string
  readonly url: string
  readonly isOrdered: boolean
  readonly timeoutMs: number
}

/** Two requests for each record, and whichever answers settles it: the other one answers too. */
async function askTwice(url: string, order: Order, signal: AbortSignal): Promise<Answer> {
  const once = async (): Promise<Answer> => {
    const reply = await fetch(`${url}/${order.n}`, { signal })
    const said = await reply.text()
    if (!reply.ok) throw new Error(`status ${reply.status}: ${said}`)
    return { ...order, said }
  }
  if (order.n % 5 !== 0) return once()
  const both = [once(), once()]
  for (const one of both) one.catch(() => undefined)
  return Promise.race(both)
}

/** Answers of a service for each order, and how many there were in each minute. */
export const asyncJob = (orders: Source<Order>, { out, url, isOrdered, timeoutMs }: AsyncJobOptions) =>
  defineJob('async', (job) => {
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const answers = job
      .from('orders', orders, boundedOutOfOrderness({ timestamp: ({ at }) => at, maxDelay: millis(DISORDER_MS) }))
      .mapAsync('ask', (order, { signal }) => askTwice(url, order, signal), {
        capacity: CAPACITY,
        ordered: isOrdered,
        timeout: millis(timeoutMs),
        retry: { attempts: 20, delay: millis(5), backoff: 1.5, on: (error) => !String(error).includes('never') },
        onTimeout: (order): Answer => ({ ...order, said: NO_ANSWER }),
        onError: 'deadLetter',
      })
    write('answers', answers)
    write(
      'refused',
      answers.failed.map(({ raw }: DeadLetter) => JSON.parse(new TextDecoder().decode(raw)) as Order),
    )
    const counts = answers
      .keyBy(({ n }) => n % 4)
      .window(tumbling(millis(WINDOW_MS)))
      .process('count', (own, { key, window }) => [{ key, end: window.end, count: own.length }])
    write('counts', counts)
    write('late', counts.late)
  })
