import { describe, expect, it } from 'vitest'
import { hours, millis, seconds } from '../../../core/duration.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, deferred, eventTime, outcomeOf, start } from '../fixture/start.js'

describe('nothing runs before everything is open', () => {
  it('a restored timer that is due waits for operators behind it that still open', async () => {
    const to = memoryStore()
    const opening = deferred()
    const calls: string[] = []
    const job = (source: Script, sink: LedgerSink<Row>, slow: boolean): Job<unknown> =>
      defineJob('timers', (builder) => {
        builder
          .from('rows', source, eventTime())
          .keyBy(({ key }) => key)
          .process('later', {
            process: (value, context) => {
              context.timers.registerProcessingTime(context.processingTime + 1000)
              return [value]
            },
            onTimer: () => [row(100)],
          })
          .keyBy(({ key }) => key)
          .process('behind', {
            open: async () => {
              if (slow) await opening.promise
              calls.push('open')
            },
            process: (value) => {
              calls.push('process')
              return [value]
            },
          })
          .to('out', sink)
      }) as Job<unknown>
    const first = await start(job(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink(), false), {
      checkpoints: { to, interval: hours(1) },
    })
    await first.handle.stop()
    calls.length = 0
    const sink = new LedgerSink<Row>()
    const second = await start(job(new Script({ intervalMs: 1000 }).push('a', row(1)), sink, true), {
      checkpoints: { to, resume: true, interval: hours(1) },
    })
    await second.environment.advance(5000)
    expect(calls).toEqual([])
    opening.resolve()
    await second.environment.advance(1)
    expect(calls).toEqual(['open', 'process'])
    expect(sink.taken).toBe(1)
    await second.handle.cancel()
  })
})

describe('no wake-up is lost', () => {
  it.each([1, 2, 3, 64])('with channels of %i rows and a sink that takes one row at a time', async (rows) => {
    const total = 300
    const source = new Script({ splits: ['a', 'b', 'c'], pollRows: 7 })
    for (const split of ['a', 'b', 'c']) {
      source.push(split, ...Array.from({ length: total / 3 }, (_, n) => row(n, n, `k${n % 13}`)))
    }
    source.end()
    const takeOne = (): number => {
      queueMicrotask(() => sink.wake())
      return 1
    }
    const sink: LedgerSink<Row> = new LedgerSink<Row>({ capacity: takeOne })
    const job = defineJob('narrow', (builder) => {
      builder
        .from('rows', source, eventTime())
        .keyBy(({ key }) => key)
        .process('same', { process: (value) => [value] })
        .keyBy(({ n }) => n)
        .process('again', { process: (value) => [value] })
        .to('out', sink)
    }) as Job<unknown>
    const { handle, environment } = await start(job, {
      parallelism: 3,
      limits: { channelRows: rows, outputRows: rows },
      checkpoints: { interval: millis(50) },
      restart: fixedDelay({ attempts: 0, delay: seconds(1) }),
    })
    await environment.advance(5000)
    expect(await outcomeOf(environment, handle.result)).toMatchObject({ status: 'finished' })
    expect(sink.visible).toHaveLength(total)
  })
})

describe('a split that turns up later', () => {
  it('is read from its start, and an enumerator that fails meanwhile restarts the job without losing it', async () => {
    let failing = false
    const source = new Script({
      intervalMs: 1000,
      onDiscover: () => {
        if (failing) throw new Error('no answer')
      },
    }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const { handle, environment } = await start(copyJob(source, sink))
    source.push('b', row(2))
    failing = true
    await environment.advance(1000)
    expect(handle.status).toBe('restarting')
    failing = false
    await environment.advance(12_000)
    expect(handle.status).toBe('running')
    expect(sink.visible.map(({ n }) => n).sort()).toEqual([1, 2])
    await handle.cancel()
  })
})
