import {
  boundedOutOfOrderness,
  count,
  defineJob,
  type Job,
  markers,
  millis,
  minutes,
  seconds,
  session,
  sum,
  tumbling,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'

interface Tick {
  readonly key: string
  readonly at: number
}
const NOW = Date.UTC(2030, 0, 1)
const tick = (at: number, key = 'a'): Tick => ({ key, at })
const eventTime = boundedOutOfOrderness({ timestamp: (event: Tick) => event.at, maxDelay: seconds(0) })
const none = collection<Tick>([])
const out = () => collectInto<unknown>([])

const perTen: Job<unknown> = defineJob('per-ten', (job) => {
  const windows = job
    .from('ticks', none, eventTime)
    .keyBy((event) => event.key)
    .window(tumbling(millis(10)))
    .aggregate('windows', { n: count() })
  windows.to('out', out())
  windows.late.to('late', out())
})

describe('watermarks in a job', () => {
  it('two inputs: the minimum of both', async () => {
    const job = defineJob('two', (builder) => {
      builder
        .from('left', none, eventTime)
        .union(builder.from('right', none, eventTime))
        .keyBy((event) => event.key)
        .window(tumbling(millis(10)))
        .aggregate('windows', { n: count() })
        .to('out', out())
    })
    const test = await testJob(job, { sources: { left: [tick(1), tick(50)], right: [tick(2)] } })
    await test.checkpoint()
    expect(test.results('out')).toEqual([])
    await test.send('right', [tick(20)])
    await test.checkpoint()
    expect(test.results('out')).toEqual([{ key: 'a', window: { start: 0, end: 10 }, n: 2 }])
  })

  it('all output caused by a watermark comes before that watermark: windows of the same size follow each other', async () => {
    const job = defineJob('chained', (builder) => {
      const second = builder
        .from('ticks', none, eventTime)
        .keyBy((event) => event.key)
        .window(tumbling(millis(10)))
        .aggregate('per-key', { n: count() })
        .keyBy(() => 'all')
        .window(tumbling(millis(10)))
        .aggregate('total', { keys: count(), n: sum((row) => row.n) })
      second.to('out', out())
      second.late.to('late', out())
    })
    const ticks = Array.from({ length: 60 }, (_, n) => tick(n, `key-${n % 7}`))
    const test = await testJob(job, { sources: { ticks }, parallelism: 3 })
    await test.finish()
    expect(test.results('late')).toEqual([])
    const windows = [0, 10, 20, 30, 40, 50].map((start) => ({ start, end: start + 10 }))
    expect(test.results('out')).toEqual(windows.map((window) => ({ key: 'all', window, keys: 7, n: 10 })))
  })

  it('the record of tomorrow is processed and counted, and moves no watermark; history is never affected', async () => {
    const test = await testJob(perTen, { sources: { ticks: [tick(1), tick(NOW + 86_400_000), tick(2)] } })
    await test.checkpoint()
    expect(test.results('late')).toEqual([])
    expect(test.results('out')).toEqual([])
    const source = test.progress().operators.find(({ id }) => id === 'ticks')
    expect(source?.counters).toMatchObject({ recordsAheadOfClock: 1 })
    await test.finish()
    expect(test.results('out')).toMatchObject([{ n: 2 }, { n: 1 }])
  })

  it('late records of a split that woke up from idleness are counted apart', async () => {
    const splits = [[tick(1), tick(100)], []]
    const test = await testJob(perTen, { sources: { ticks: { splits } } })
    await test.advance(minutes(2))
    await test.send('ticks', [tick(3), tick(4)], 1)
    await test.checkpoint()
    expect(test.results('late')).toEqual([tick(3), tick(4)])
    const counters = Object.fromEntries(test.progress().operators.map(({ id, counters }) => [id, counters]))
    expect(counters['ticks']).toMatchObject({ lateRecordsAfterIdleness: 2 })
    expect(counters['windows']).toMatchObject({ lateRecords: 2 })
  })
})

describe('the end of the input', () => {
  it('fires event-time windows; processing-time windows and timers that are pending do not fire', async () => {
    const job = defineJob('ending', (builder) => {
      const keyed = builder.from('ticks', none, eventTime).keyBy((event) => event.key)
      keyed
        .window(tumbling(millis(10)))
        .aggregate('by-event', { n: count() })
        .to('event', out())
      keyed
        .window(tumbling(minutes(1), { time: 'processing' }))
        .aggregate('by-clock', { n: count() })
        .to('clock', out())
      keyed
        .window(session(minutes(1), { time: 'processing' }))
        .aggregate('by-session', { n: count() })
        .to('session', out())
      keyed
        .process('remind', {
          process(_event, ctx) {
            ctx.timers.registerProcessingTime(ctx.processingTime + 60_000)
            ctx.timers.registerEventTime(1_000_000)
          },
          onTimer: (timer) => [timer.time],
        })
        .to('timers', out())
    })
    const test = await testJob(job, { sources: { ticks: [tick(1)] } })
    await test.finish()
    expect(test.results('event')).toHaveLength(1)
    expect(test.results('clock')).toEqual([])
    expect(test.results('session')).toEqual([])
    expect(test.results('timers')).toEqual(['event'])
  })

  it('is not that of a stop: windows stay open, and go on from the checkpoint', async () => {
    const first = await testJob(perTen, { sources: { ticks: [tick(1)] } })
    const from = await first.savepoint()
    expect(first.results('out')).toEqual([])
    const second = await testJob(perTen, { sources: { ticks: [tick(1), tick(2)] }, from })
    await second.finish()
    expect(second.results('out')).toEqual([{ key: 'a', window: { start: 0, end: 10 }, n: 2 }])
  })

  it('is that of a drain: the maximum watermark fires the windows', async () => {
    const test = await testJob(perTen, { sources: { ticks: [tick(1)] } })
    expect(await test.stop({ drain: 'now' })).toMatchObject({ status: 'finished' })
    expect(test.results('out')).toHaveLength(1)
  })

  it('comes without any watermark before it', async () => {
    const job = defineJob('silent', (builder) => {
      builder
        .from('ticks', none, markers({ timestamp: (event: Tick) => event.at, watermark: () => undefined }))
        .keyBy((event) => event.key)
        .window(tumbling(millis(10)))
        .aggregate('windows', { n: count() })
        .to('out', out())
    })
    const test = await testJob(job, { sources: { ticks: [tick(1), tick(500), tick(2)] } })
    await test.finish()
    expect(test.results('out')).toMatchObject([{ n: 2 }, { n: 1 }])
  })
})
