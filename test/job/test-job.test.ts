import {
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  markers,
  minutes,
  seconds,
  session,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'

interface Sale {
  readonly shop: string
  readonly at: number
  readonly price: number
}
const HOUR = 3_600_000
const sale = (shop: string, at: number, price = 1): Sale => ({ shop, at, price })
const eventTime = boundedOutOfOrderness({ timestamp: (event: Sale) => event.at, maxDelay: seconds(0) })

const salesPerHour = defineJob('sales', (job) => {
  const sales = job
    .from('sales', collection<Sale>([]), eventTime)
    .keyBy((event) => event.shop)
    .window(tumbling(hours(1)))
    .aggregate('per-shop', { sales: count(), total: sum((event) => event.price) })
  sales.to('totals', collectInto<unknown>([]))
  sales.late.to('late', collectInto<unknown>([]))
})

describe('testJob', () => {
  it('runs a job on given values, and gives what its sinks got, by id', async () => {
    const test = await testJob(salesPerHour, {
      sources: { sales: [sale('a', 1, 2), sale('b', 2, 3), sale('a', 3, 4)] },
    })
    await test.finish()
    expect(test.results('totals')).toEqual([
      { key: 'a', window: { start: 0, end: HOUR }, sales: 2, total: 6 },
      { key: 'b', window: { start: 0, end: HOUR }, sales: 1, total: 3 },
    ])
  })

  it('moves the watermark with every record, so what is late is exact', async () => {
    const test = await testJob(salesPerHour, { sources: { sales: [sale('a', 1), sale('a', 2 * HOUR), sale('a', 2)] } })
    await test.finish()
    expect(test.results('late')).toEqual([sale('a', 2)])
    expect(test.results('totals')).toHaveLength(2)
  })

  it('takes more values while the job runs', async () => {
    const test = await testJob(salesPerHour, { sources: { sales: [] } })
    await test.send('sales', [sale('a', 1)])
    await test.send('sales', [sale('a', HOUR + 1)])
    await test.checkpoint()
    expect(test.results('totals')).toMatchObject([{ key: 'a', sales: 1 }])
  })

  it('merges the watermarks of splits', async () => {
    const splits = [[sale('a', 1), sale('a', 5 * HOUR)], [sale('a', 2)]]
    const test = await testJob(salesPerHour, { sources: { sales: { splits } } })
    await test.checkpoint()
    expect(test.results('totals')).toEqual([])
    await test.send('sales', [sale('a', 3 * HOUR)], 1)
    await test.checkpoint()
    expect(test.results('totals')).toMatchObject([{ sales: 2 }])
  })

  it('lets a split that says nothing fall idle when time is advanced', async () => {
    const splits = [[sale('a', 1), sale('a', 5 * HOUR)], []]
    const test = await testJob(salesPerHour, { sources: { sales: { splits } } })
    await test.advance(minutes(2))
    await test.checkpoint()
    expect(test.results('totals')).toMatchObject([{ sales: 1 }])
  })

  it.each([
    [1, 3],
    [4, 1],
    [2, 5],
  ])('goes on from a savepoint taken at parallelism %i at parallelism %i', async (before, after) => {
    const sales = Array.from({ length: 200 }, (_, n) => sale(`shop-${n % 17}`, n * 60_000, n))
    const whole = await testJob(salesPerHour, { sources: { sales } })
    await whole.finish()
    const first = await testJob(salesPerHour, { sources: { sales: sales.slice(0, 90) }, parallelism: before })
    const second = await testJob(salesPerHour, {
      sources: { sales },
      parallelism: after,
      from: await first.savepoint(),
    })
    await second.finish()
    const rows = [...first.results('totals'), ...second.results('totals')]
    const text = (all: readonly unknown[]) => all.map((row) => JSON.stringify(row)).sort()
    expect(text(rows)).toEqual(text(whole.results('totals')))
  })

  it('fires processing-time timers when time is advanced', async () => {
    const job = defineJob('reminder', (builder) => {
      builder
        .from('sales', collection<Sale>([]))
        .keyBy((event) => event.shop)
        .process('remind', {
          state: { seen: valueState<number>() },
          process(_event, ctx) {
            ctx.state.seen.update((ctx.state.seen.value() ?? 0) + 1)
            ctx.timers.registerProcessingTime(Date.UTC(2030, 0, 1) + 60_000)
          },
          *onTimer(timer, ctx) {
            yield { shop: ctx.key, seen: ctx.state.seen.value(), at: timer.timestamp }
          },
        })
        .to('reminders', collectInto<unknown>([]))
    })
    const test = await testJob(job, { sources: { sales: [sale('a', 1), sale('a', 2), sale('b', 3)] } })
    await test.advance(seconds(59))
    await test.checkpoint()
    expect(test.results('reminders')).toEqual([])
    await test.advance(seconds(1))
    await test.checkpoint()
    const at = Date.UTC(2030, 0, 1) + 60_000
    expect(test.results('reminders')).toEqual([
      { shop: 'a', seen: 2, at },
      { shop: 'b', seen: 1, at },
    ])
  })

  it('rejects with what a user function threw, naming the operator', async () => {
    const job = defineJob('broken', (builder) => {
      builder
        .from('sales', collection<Sale>([]), eventTime)
        .map((event) => {
          if (event.price > 1) throw new Error('too dear')
          return event
        })
        .to('out', collectInto<unknown>([]))
    })
    await expect(
      testJob(job, { sources: { sales: [sale('a', 1, 1), sale('a', 2, 5)] } }).then((test) => test.finish()),
    ).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED', message: expect.stringContaining('too dear') })
  })

  it('names a source without values, a source and a sink that the job has not', async () => {
    await expect(testJob(salesPerHour, { sources: {} })).rejects.toMatchObject({ code: 'TEST_SOURCE_MISSING' })
    await expect(testJob(salesPerHour, { sources: { sales: [], sails: [] } })).rejects.toMatchObject({
      code: 'GRAPH_OVERRIDE_UNKNOWN',
    })
    const test = await testJob(salesPerHour, { sources: { sales: [] } })
    expect(() => test.results('totls')).toThrow(expect.objectContaining({ code: 'TEST_SINK_UNKNOWN' }))
    await expect(test.send('sails', [])).rejects.toMatchObject({ code: 'TEST_SOURCE_MISSING' })
  })

  it('runs windows and markers together: a marker closes sessions', async () => {
    const job = defineJob('sessions', (builder) => {
      builder
        .from(
          'sales',
          collection<Sale>([]),
          markers({ timestamp: (e: Sale) => e.at, watermark: (e: Sale) => (e.shop === 'marker' ? e.at : undefined) }),
        )
        .filter((event) => event.shop !== 'marker')
        .keyBy((event) => event.shop)
        .window(session(minutes(10)))
        .aggregate('visits', { sales: count() })
        .to('visits-out', collectInto<unknown>([]))
    })
    const test = await testJob(job, {
      sources: { sales: [sale('a', 0), sale('a', 5 * 60_000), sale('a', 30 * 60_000), sale('marker', 20 * 60_000)] },
    })
    await test.checkpoint()
    expect(test.results('visits-out')).toEqual([{ key: 'a', window: { start: 0, end: 15 * 60_000 }, sales: 2 }])
  })
})
