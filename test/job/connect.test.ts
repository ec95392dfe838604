import { boundedOutOfOrderness, count, defineJob, mapState, seconds, tumbling, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, test } from 'vitest'
import { testJob } from '../testing.js'

interface Payment {
  readonly user: string
  readonly amount: number
  readonly at: number
}
interface Limit {
  readonly user: string
  readonly limit: number
  readonly at: number
}

const payment = (user: string, amount: number, at: number): Payment => ({ user, amount, at })
const limit = (user: string, most: number, at: number): Limit => ({ user, limit: most, at })
const users = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const byTime = boundedOutOfOrderness({ timestamp: (value: { readonly at: number }) => value.at, maxDelay: seconds(0) })

/** Payments over the limit of their user; how many were seen of a user is in keyed state. */
const overLimits = defineJob('over-limits', (job) => {
  const limits = job.from('limits', collection<Limit>([]), byTime)
  job
    .from('payments', collection<Payment>([]), byTime)
    .keyBy(({ user }) => user)
    .connect(limits.broadcast({ limits: mapState<string, number>() }))
    .process('check', {
      state: { seen: valueState<number>({ initial: () => 0 }) },
      onRecord({ user, amount }, ctx) {
        const seen = (ctx.state.seen.value() ?? 0) + 1
        ctx.state.seen.update(seen)
        const most = ctx.broadcast.limits.get(user) ?? Number.POSITIVE_INFINITY
        return amount > most ? [`${user} #${seen}: ${amount} > ${most}`] : []
      },
      onBroadcast: ({ user, limit: most }, ctx) => ctx.broadcast.limits.put(user, most),
    })
    .to('over', collectInto<string>([]))
})

describe('keyed records connected to a broadcast stream', () => {
  test('see in every subtask what it has said before', async () => {
    const run = await testJob(overLimits, { sources: { payments: [], limits: [] }, parallelism: 3 })
    await run.send(
      'payments',
      users.map((user) => payment(user, 9, 1000)),
    )
    await run.send(
      'limits',
      users.map((user, index) => limit(user, index + 5, 2000)),
    )
    await run.send(
      'payments',
      users.map((user) => payment(user, 9, 3000)),
    )
    await run.finish()
    expect([...run.results('over')].sort()).toEqual(['a #2: 9 > 5', 'b #2: 9 > 6', 'c #2: 9 > 7', 'd #2: 9 > 8'])
  })

  test('have the same copy everywhere after a restore at any other parallelism', async () => {
    const payments = users.map((user) => payment(user, 9, 1000))
    const limits = users.map((user, index) => limit(user, index + 5, 2000))
    for (const [before, after] of [
      [1, 4],
      [4, 1],
      [3, 2],
    ] as const) {
      const first = await testJob(overLimits, { sources: { payments, limits: [] }, parallelism: before })
      await first.send('limits', limits)
      const from = await first.savepoint()
      const second = await testJob(overLimits, { sources: { payments, limits }, parallelism: after, from })
      await second.send(
        'payments',
        users.map((user) => payment(user, 9, 3000)),
      )
      await second.finish()
      expect([...second.results('over')].sort()).toEqual(['a #2: 9 > 5', 'b #2: 9 > 6', 'c #2: 9 > 7', 'd #2: 9 > 8'])
    }
  })
})

test('the watermark of a connect is the smaller one of both sides', async () => {
  const job = defineJob('watermarks', (builder) => {
    const limits = builder.from('limits', collection<Limit>([]), byTime)
    builder
      .from('payments', collection<Payment>([]), byTime)
      .connect(limits.broadcast({}))
      .process('both', { onRecord: (value) => [value], onBroadcast: () => undefined })
      .keyBy(({ user }) => user)
      .window(tumbling(seconds(1)))
      .aggregate('per-second', { payments: count() })
      .map(({ window, payments }) => [window.start, payments])
      .to('counts', collectInto<unknown>([]))
  })
  const run = await testJob(job, { sources: { payments: [], limits: [] }, parallelism: 2 })
  await run.send('payments', [payment('a', 1, 500), payment('a', 1, 5000)])
  await run.checkpoint()
  expect(run.results('counts')).toEqual([])
  await run.send('limits', [limit('a', 1, 1500)])
  await run.checkpoint()
  expect(run.results('counts')).toEqual([[0, 1]])
  await run.send('limits', [limit('a', 1, 9000)])
  await run.checkpoint()
  expect(run.results('counts')).toEqual([[0, 1]])
  await run.finish()
  expect(run.results('counts')).toEqual([
    [0, 1],
    [5000, 1],
  ])
})

test('what onBroadcast returns comes out once a subtask; a union may be broadcast, and connected to a union', async () => {
  const job = defineJob('unions', (builder) => {
    const limits = builder.from('limits', collection<Limit>([]))
    const more = builder.from('more', collection<Limit>([]))
    const payments = builder.from('payments', collection<Payment>([]))
    payments
      .union(payments.map((value) => ({ ...value, user: 'twice' })))
      .connect(limits.union(more).broadcast({ latest: valueState<number>() }))
      .process('both', {
        onRecord: ({ user }, ctx) => [`${user} ${ctx.broadcast.latest.value()}`],
        onBroadcast(value, ctx) {
          ctx.broadcast.latest.update(value.limit)
          return [`limit ${value.limit}`]
        },
      })
      .to('rows', collectInto<string>([]))
  })
  const run = await testJob(job, { sources: { payments: [], limits: [], more: [] }, parallelism: 3 })
  await run.send('limits', [limit('a', 1, 0)])
  await run.send('more', [limit('a', 2, 0)])
  await run.send('payments', [payment('b', 1, 0)])
  await run.finish()
  expect([...run.results('rows')].sort()).toEqual([
    'b 2',
    'limit 1',
    'limit 1',
    'limit 1',
    'limit 2',
    'limit 2',
    'limit 2',
    'twice 2',
  ])
})
