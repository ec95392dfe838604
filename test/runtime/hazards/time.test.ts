import { describe, expect, it } from 'vitest'
import { millis, seconds } from '../../../core/duration.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import { count } from '../../../core/window/aggregates/count.js'
import { tumbling } from '../../../core/window/assigners.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, eventTime, start } from '../fixture/start.js'

interface Counted {
  readonly end: number
  readonly rows: number
}

function countJob(source: Script, sink: LedgerSink<Counted>): Job<unknown> {
  return defineJob('count', (job) => {
    job
      .from('rows', source, eventTime({ idleAfter: seconds(60) }))
      .keyBy(({ key }) => key)
      .window(tumbling(millis(1000)))
      .aggregate('per-second', { rows: count() })
      .map(({ window, rows }) => ({ end: window.end, rows }))
      .to('out', sink)
  }) as Job<unknown>
}

/** Windows that fired, whether a checkpoint shows them yet or not. */
const fired = (progress: { operators: readonly { id: string; recordsOut: number }[] }) =>
  progress.operators.find(({ id }) => id === 'per-second')?.recordsOut

describe('watermarks of splits', () => {
  it('a split that never had data does not stall the watermark for ever', async () => {
    const source = new Script({ intervalMs: 1_000_000, splits: ['a', 'empty'] }).push('a', row(1), row(2), row(3))
    const { handle, environment } = await start(countJob(source, new LedgerSink()))
    expect(fired(handle.progress())).toBe(0)
    await environment.advance(55_000)
    source.push('a', row(4))
    await environment.advance(6000)
    expect(fired(handle.progress())).toBe(3)
    await handle.cancel()
  })

  it('the record of tomorrow is processed and counted, and makes nothing late', async () => {
    const environment = virtualEnvironment()
    const now = environment.clock.now()
    const source = new Script({ intervalMs: 1_000_000 })
    const sink = new LedgerSink<Counted>()
    const { handle } = await start(countJob(source, sink), { environment })
    source.push('a', row(1, now), row(2, now + 86_400_000), row(3, now + 100))
    await environment.settle()
    const { operators } = handle.progress()
    expect(operators.find(({ id }) => id === 'rows')?.counters).toMatchObject({ recordsAheadOfClock: 1 })
    expect(operators.find(({ id }) => id === 'per-second')?.counters['lateRecords'] ?? 0).toBe(0)
    await handle.stop({ drain: 'now' })
    expect(sink.visible.map(({ rows }) => rows)).toEqual([2, 1])
  })

  it('a stalled sink does not make a split idle, and the watermark does not pass what is in flight', async () => {
    let stalled = true
    const source = new Script({ intervalMs: 1_000_000, splits: ['a', 'b'], pollRows: 4 })
    const sink = new LedgerSink<Row>({ capacity: () => (stalled ? 0 : 1000) })
    source.push('a', ...Array.from({ length: 40 }, (_, n) => row(n))).push('b', row(0))
    const { handle, environment } = await start(copyJob(source, sink, { idleAfter: seconds(5) }), {
      limits: { outputRows: 1, channelRows: 1 },
    })
    const watermark = handle.progress().watermark
    await environment.advance(60_000)
    expect(handle.progress().watermark).toBe(watermark)
    expect(source.polled).toBeLessThan(20)
    stalled = false
    sink.wake()
    await environment.settle()
    expect(sink.taken).toBe(41)
    await handle.cancel()
  })

  it('a restored split that had ended holds nothing back, nor pushes the watermark past its neighbours', async () => {
    const to = memoryStore()
    const first = new Script({ intervalMs: 1_000_000, splits: ['a', 'b'] })
    first.push('a', row(9)).push('b', row(3)).end('a')
    const before = await start(countJob(first, new LedgerSink()), { checkpoints: { to } })
    expect(before.handle.progress().watermark).toBe(2999)
    await before.handle.stop()
    const second = new Script({ intervalMs: 1_000_000, splits: ['a', 'b'] })
    second.push('a', row(9)).push('b', row(3), row(4)).end('a')
    const after = await start(countJob(second, new LedgerSink()), { checkpoints: { to, resume: true } })
    expect(after.handle.progress().watermark).toBe(3999)
    expect(fired(after.handle.progress())).toBe(1)
    await after.handle.cancel()
  })

  it('a subtask whose splits had all ended at the checkpoint does not hold the others back after it', async () => {
    const to = memoryStore()
    const script = (...more: Row[]) =>
      new Script({ intervalMs: 1_000_000, splits: ['a', 'b'] })
        .push('a', row(9))
        .push('b', row(3), ...more)
        .end('a')
    const options = { parallelism: 2, checkpoints: { to } }
    const before = await start(countJob(script(), new LedgerSink()), options)
    await before.handle.stop()
    const after = await start(countJob(script(row(7)), new LedgerSink()), {
      ...options,
      checkpoints: { to, resume: true },
    })
    expect(fired(after.handle.progress())).toBe(1)
    await after.handle.cancel()
  })
})

describe('backpressure', () => {
  it('a stalled sink stops the source with bounded memory, through a shuffle, and loses nothing', async () => {
    let stalled = true
    const total = 5000
    const source = new Script({ intervalMs: 1_000_000, pollRows: 10 })
    source.push('a', ...Array.from({ length: total }, (_, n) => row(n, n, `k${n % 7}`)))
    const sink = new LedgerSink<Row>({ capacity: () => (stalled ? 0 : 1000) })
    const job = defineJob('shuffle', (builder) => {
      builder
        .from('rows', source, eventTime())
        .keyBy(({ key }) => key)
        .process('same', { process: (value) => [value] })
        .to('out', sink)
    }) as Job<unknown>
    const { handle, environment } = await start(job, { parallelism: 2, limits: { outputRows: 16, channelRows: 32 } })
    await environment.advance(120_000)
    expect(source.polled).toBeLessThan(400)
    expect(handle.status).toBe('running')
    stalled = false
    sink.wake()
    await environment.settle()
    expect(sink.taken).toBe(total)
    await handle.stop()
    expect(new Set(sink.visible.map(({ n }) => n)).size).toBe(total)
  })
})
