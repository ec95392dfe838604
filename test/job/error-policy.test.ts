import { afterCount, type DeadLetter, defineJob, global, millis, type OnError, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { noRestart, run } from 'tidemark/run'
import { describe, expect, test } from 'vitest'
import { withErrorPolicy } from '../../core/graph/error-policy.js'
import type { Operator } from '../../core/operators/operator.js'
import { systemEnvironment } from '../../runtime/environment/system.js'
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
    const step = { id: 'odd', step: 'odd', label: 'odd', inputs: [], sideOutputs: [], create: () => ({}) as Operator }
    expect(() => withErrorPolicy({ ...step, parallelism: 1, onError: 'skip' })).toThrow(
      /odd 'odd': this step has no onError/,
    )
  })
})

describe('a record whose key cannot be had', () => {
  interface Event {
    readonly n: number
    readonly user?: { readonly id: string }
  }
  const event = (n: number, id?: string): Event => (id === undefined ? { n } : { n, user: { id } })
  // As people write it who know that a user is always there.
  const selector = ({ user }: Event) => (user as { id: string }).id
  const given = [event(1, 'a'), event(2), event(3, 'b'), event(4, 'a'), event(5)]
  const counting = (onError: OnError) =>
    defineJob('by-user', (job) => {
      const keyed = job.from('events', collection<Event>([])).keyBy(selector, { onError })
      keyed
        .process('count', {
          state: { seen: valueState<number>({ initial: () => 0 }) },
          process({ n }, { key, state }) {
            state.seen.mutate((seen) => (seen ?? 0) + 1)
            return [`${n}: ${key} ${state.seen.value()}`]
          },
        })
        .to('counts', collectInto<string>([]))
      if (onError === 'deadLetter') keyed.failed.to('without-user', collectInto<DeadLetter>([]))
    })

  test('fails the job by default', () => {
    return expect(testJob(counting('fail'), { sources: { events: given } })).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringContaining('keyBy threw'),
    })
  })

  test.each([1, 3])(
    'is handed on at .failed of the keyed stream, and all others have theirs, parallelism %i',
    async (parallelism) => {
      const run = await testJob(counting('deadLetter'), { sources: { events: given }, parallelism })
      await run.finish()
      expect([...run.results<string>('counts')].sort()).toEqual(['1: a 1', '3: b 1', '4: a 2'])
      const letters = run.results<DeadLetter>('without-user')
      expect(letters.map(({ raw }) => JSON.parse(new TextDecoder().decode(raw)))).toEqual([{ n: 2 }, { n: 5 }])
      expect(letters[0]).toMatchObject({ code: 'USER_FUNCTION_FAILED', isPart: false })
    },
  )

  test('is one also where the selector gives what is no key', async () => {
    const job = defineJob('no-key', (builder) => {
      builder
        .from('numbers', collection<number>([]))
        .keyBy((n) => 1 / n, { onError: 'skip' })
        .process('pass', { process: (n) => [n] })
        .to('passed', collectInto<number>([]))
    })
    const run = await testJob(job, { sources: { numbers: [1, 0, 2] } })
    await run.finish()
    expect(run.results('passed')).toEqual([1, 2])
    const counters = run.progress().operators.flatMap(({ counters }) => Object.entries(counters))
    expect(counters).toContainEqual([expect.stringContaining('skippedRecords'), 1])
  })

  test('a promise for a key fails the job whatever the policy', () => {
    const job = defineJob('promised', (builder) => {
      builder
        .from('numbers', collection<number>([]))
        .keyBy((async (n: number) => n) as unknown as (n: number) => number, { onError: 'skip' })
        .process('pass', { process: (n) => [n] })
        .to('passed', collectInto<number>([]))
    })
    return expect(testJob(job, { sources: { numbers: [1] } })).rejects.toMatchObject({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
    })
  })

  test('an option that keyBy does not have is refused', () => {
    const options = { parallelism: 2 } as object
    const job = defineJob('odd', (builder) => {
      builder.from('numbers', collection<number>([])).keyBy((n) => n, options)
    })
    expect(() => job.build({})).toThrow(/parallelism/)
  })
})

test('dead letters of joins and of mapAsync come out at .failed, beside the late sides', async () => {
  const job = defineJob('joined', (builder) => {
    const left = builder.from('left', collection<Order>([])).keyBy(() => 'all')
    const right = builder.from('right', collection<Order>([])).keyBy(() => 'all')
    const pairs = left
      .coGroup(right)
      .window(global())
      .trigger(afterCount(2))
      .process('both', (ones, others) => [...ones, ...others].map(amountOf), { onError: 'deadLetter' })
    pairs.to('pairs', collectInto<object>([]))
    pairs.failed.to('dead-pairs', collectInto<DeadLetter>([]))
    const asked = builder
      .from('orders', collection<Order>([]))
      .mapAsync('ask', async (order) => amountOf(order), { onError: 'deadLetter' })
    asked.to('asked', collectInto<object>([]))
    asked.failed.to('dead-asked', collectInto<DeadLetter>([]))
  })
  const run = await testJob(job, { sources: { left: [orders[0]], right: [orders[1]], orders } })
  await run.finish()
  expect(run.results('asked')).toEqual([
    { id: 1, amount: 10 },
    { id: 3, amount: 30 },
  ])
  const rawOf = ({ raw }: DeadLetter): unknown => JSON.parse(new TextDecoder().decode(raw))
  expect(run.results<DeadLetter>('dead-asked').map(rawOf)).toEqual([orders[1]])
  expect(run.results('pairs')).toEqual([])
  expect(run.results<DeadLetter>('dead-pairs').map(rawOf)).toEqual([
    { key: 'all', window: { global: true }, left: [orders[0]], right: [orders[1]] },
  ])
})

test('a retry ends when its maxAge has passed, however many attempts are left', async () => {
  const system = systemEnvironment()
  // Each call takes 5 ms by a clock that goes on with the calls, whatever the machine does.
  let called = 0
  const clock = { now: () => system.clock.now(), monotonic: () => called * 5 }
  const amounts: object[] = []
  const job = defineJob('retries', (builder) => {
    builder
      .from('orders', collection<Order>(orders))
      .map(
        (order) => {
          called++
          return amountOf(order)
        },
        { onError: { retry: { attempts: 1000, maxAge: millis(20), otherwise: 'skip' } } },
      )
      .to('amounts', collectInto<object>(amounts))
  })
  const handle = await run(job, { restart: noRestart(), environment: { ...system, clock } })
  await handle.result
  expect(amounts).toEqual([
    { id: 1, amount: 10 },
    { id: 3, amount: 30 },
  ])
  // One for each good record, and four until 20 ms have passed.
  expect(called).toBe(6)
})
