import { type DeadLetter, defineJob, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, test } from 'vitest'
import { testJob } from '../testing.js'

interface Order {
  readonly id: number
  readonly amount: string
}

const orders: readonly Order[] = [
  { id: 1, amount: '10' },
  { id: 2, amount: 'ten' },
  { id: 3, amount: '30' },
]

function amountOf({ id, amount }: Order): { id: number; amount: number } {
  const parsed = Number(amount)
  if (Number.isNaN(parsed)) throw new RangeError(`no amount: ${amount}`)
  return { id, amount: parsed }
}

const parsing = defineJob('parsing', (job) => {
  const parsed = job.from('orders', collection<Order>([])).map(amountOf, { onError: 'deadLetter', name: 'parse' })
  parsed.to('parsed', collectInto<object>([]))
  parsed.failed.to('dead', collectInto<DeadLetter>([]))
})

describe('dead letters of a step', () => {
  test('come out at .failed, and the rest goes on', async () => {
    const run = await testJob(parsing, { sources: { orders } })
    await run.finish()
    expect(run.results('parsed')).toEqual([
      { id: 1, amount: 10 },
      { id: 3, amount: 30 },
    ])
    const [letter, ...others] = run.results('dead') as readonly DeadLetter[]
    expect(others).toEqual([])
    expect(letter).toMatchObject({ code: 'USER_FUNCTION_FAILED' })
    expect(letter?.message).toContain('no amount: ten')
    expect(JSON.parse(new TextDecoder().decode(letter?.raw))).toEqual({ id: 2, amount: 'ten' })
  })

  test('state and savepoints are those of the good records', async () => {
    const job = defineJob('totals', (builder) => {
      builder
        .from('orders', collection<Order>([]))
        .keyBy(() => 'all')
        .process(
          'total',
          {
            state: { seen: valueState<number>({ initial: () => 0 }) },
            process(order, { state }) {
              state.seen.update((state.seen.value() ?? 0) + 1)
              return [{ seen: state.seen.value(), ...amountOf(order) }]
            },
          },
          { onError: 'skip' },
        )
        .to('totals', collectInto<object>([]))
    })
    const first = await testJob(job, { sources: { orders } })
    const from = await first.savepoint()
    const second = await testJob(job, {
      sources: { orders: [...orders, { id: 4, amount: '4' }] },
      from,
      parallelism: 2,
    })
    await second.finish()
    expect(second.results('totals')).toEqual([{ seen: 3, id: 4, amount: 4 }])
  })
})

describe('at the graph', () => {
  test('.failed of a step without dead letters is refused, with what to do', () => {
    const job = defineJob('none', (builder) => {
      builder.from('orders', collection<Order>([])).map(amountOf).failed.to('dead', collectInto<DeadLetter>([]))
    })
    return expect(testJob(job, { sources: { orders } })).rejects.toThrow(/onError: 'deadLetter'/)
  })

  test('an unknown policy is refused', () => {
    const job = defineJob('unknown', (builder) => {
      const onError = 'ignore' as 'skip'
      builder.from('orders', collection<Order>([])).map(amountOf, { onError }).to('parsed', collectInto<object>([]))
    })
    return expect(testJob(job, { sources: { orders } })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a step that has no policy says so to a caller who gives one', () => {
    const job = defineJob('async', (builder) => {
      const options = { onError: 'skip' }
      builder
        .from('orders', collection<Order>([]))
        .mapAsync('ask', async (order) => order, options as object)
        .to('asked', collectInto<object>([]))
    })
    return expect(testJob(job, { sources: { orders } })).rejects.toThrow(/onError/)
  })
})
