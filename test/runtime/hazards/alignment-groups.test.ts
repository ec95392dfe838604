import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Sink } from '../../../core/connector.js'
import { millis, seconds } from '../../../core/duration.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import { boundedOutOfOrderness, type EventTimeOptions } from '../../../core/time/watermarks.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import type { RunOptions } from '../../../runtime/run.js'
import { readSavepoint } from '../../../runtime/savepoint/read-savepoint.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { runs, timeout } from '../../setup/runs.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script, type ScriptOptions } from '../fixture/script.js'
import { ShardedLog } from '../fixture/sharded-log.js'
import { eventTime, type Started, start } from '../fixture/start.js'

const LIVE: ScriptOptions = { intervalMs: 1_000_000 }
const GROUP = { maxDrift: seconds(10), alignmentGroup: 'rides', idleAfter: false } as const

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => row(from + index))

interface Member {
  readonly id: string
  readonly source: Script
  readonly time?: EventTimeOptions
  readonly sink?: LedgerSink<Row>
}

/** Each source with a sink of its own: nothing but the group lets one wait for another. */
function apartJob(members: readonly Member[]): Job<unknown> {
  return defineJob('apart', (job) => {
    for (const { id, source, time = GROUP, sink = new LedgerSink<Row>() } of members) {
      job.from(id, source, eventTime(time)).to(`${id}-out`, sink)
    }
  }) as Job<unknown>
}

const read = ({ handle }: Started, id: string): number | undefined =>
  handle.progress().operators.find((operator) => operator.id === id)?.recordsOut

const heldBack = ({ handle }: Started, id: string): number | undefined =>
  handle.progress().operators.find((operator) => operator.id === id)?.counters['splitsHeldBack']

const watermark = ({ handle }: Started, id: string): number | undefined =>
  handle.progress().operators.find((operator) => operator.id === id)?.watermark

/** A source that has 100 records at once, and one whose records come as the test wants. */
async function fastAndSlow(options: { fast?: EventTimeOptions; slow?: EventTimeOptions; run?: RunOptions } = {}) {
  const fast = new Script(LIVE).push('a', ...rows(1, 100))
  const slow = new Script(LIVE).push('a', row(1))
  const members = [
    { id: 'fast', source: fast, time: options.fast ?? GROUP },
    { id: 'slow', source: slow, time: options.slow ?? GROUP },
  ]
  return { fast, slow, members, run: await start(apartJob(members), options.run) }
}

describe('an alignment group of sources', () => {
  it('does not read a source further ahead of the slowest one than maxDrift, and goes on when that has caught up', async () => {
    const { slow, run } = await fastAndSlow()
    // The one that takes it beyond is read: 1 + 10 seconds, and the next.
    expect([read(run, 'fast'), heldBack(run, 'fast'), heldBack(run, 'slow')]).toEqual([12, 1, 0])
    slow.push('a', row(5))
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(16)
    // Whoever is ahead waits: nobody is fast or slow by name.
    slow.push('a', ...rows(6, 60))
    await run.environment.settle()
    expect([read(run, 'fast'), read(run, 'slow')]).toEqual([71, 57])
    await run.handle.cancel()
  })

  it('runs apart where the groups have different names', async () => {
    const other = { ...GROUP, alignmentGroup: 'drivers' }
    const { run } = await fastAndSlow({ slow: other })
    expect(read(run, 'fast')).toBe(100)
    expect(run.logged.filter((line) => line.includes('waits for no other'))).toEqual([
      'an alignment group has one source, which waits for no other apart rides fast',
      'an alignment group has one source, which waits for no other apart drivers slow',
    ])
    await run.handle.cancel()
  })

  it('leaves each source its own watermark', async () => {
    const { run } = await fastAndSlow()
    expect([watermark(run, 'fast'), watermark(run, 'slow')]).toEqual([12_000 - 1, 1000 - 1])
    await run.handle.cancel()
  })

  it('holds each source by its own maxDrift', async () => {
    const wide = { ...GROUP, maxDrift: seconds(40) }
    const { slow, run } = await fastAndSlow({ fast: wide })
    expect(read(run, 'fast')).toBe(42)
    slow.push('a', ...rows(90, 130))
    await run.environment.settle()
    // The fast one read all it had, 100; the other may be 10 s ahead of it.
    expect([read(run, 'fast'), read(run, 'slow')]).toEqual([100, 1 + 22])
    await run.handle.cancel()
  })

  it('waits for a source that has not said anything yet, until it is idle', async () => {
    const fast = new Script(LIVE).push('a', ...rows(1, 100))
    const silent = new Script(LIVE)
    const run = await start(
      apartJob([
        { id: 'fast', source: fast },
        { id: 'silent', source: silent, time: { ...GROUP, idleAfter: seconds(60) } },
      ]),
    )
    expect(read(run, 'fast')).toBe(1)
    await run.environment.advance(59_000)
    expect(read(run, 'fast')).toBe(1)
    await run.environment.advance(2000)
    expect(read(run, 'fast')).toBe(100)
    await run.handle.cancel()
  })

  it('waits for no source that is idle, and for one that has woken up', async () => {
    const { fast, slow, run } = await fastAndSlow({ slow: { ...GROUP, idleAfter: seconds(60) } })
    await run.environment.advance(61_000)
    expect(read(run, 'fast')).toBe(100)
    slow.push('a', row(100))
    fast.push('a', ...rows(101, 200))
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(111)
    await run.handle.cancel()
  })

  it('goes on with the others when all but one are idle, and when all were', async () => {
    const idle = { ...GROUP, idleAfter: seconds(60) }
    const { fast, slow, run } = await fastAndSlow({ fast: idle, slow: idle })
    slow.push('a', row(95))
    await run.environment.advance(61_000)
    expect([heldBack(run, 'fast'), heldBack(run, 'slow')]).toEqual([0, 0])
    fast.push('a', ...rows(101, 150))
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(150)
    await run.handle.cancel()
  })

  it('waits for no source that has ended, nor for one without splits', async () => {
    const { fast, slow, run } = await fastAndSlow()
    slow.end()
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(100)
    fast.end()
    await run.handle.cancel()

    const lone = new Script(LIVE).push('a', ...rows(1, 100))
    const empty = new Script({ ...LIVE, splits: [] })
    const beside = await start(
      apartJob([
        { id: 'fast', source: lone },
        { id: 'empty', source: empty },
      ]),
    )
    expect(read(beside, 'fast')).toBe(100)
    await beside.handle.cancel()
  })

  it('waits for a split that is found later', async () => {
    const { fast, slow, run } = await fastAndSlow({ slow: { ...GROUP, idleAfter: seconds(1) } })
    await run.environment.advance(5000)
    expect(read(run, 'fast')).toBe(100)
    slow.push('b', row(95))
    fast.push('a', ...rows(101, 103))
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(103)
    await run.environment.advance(1_000_000 - 5000)
    fast.push('a', ...rows(104, 200))
    await run.environment.settle()
    expect(read(run, 'fast')).toBe(106)
    await run.handle.cancel()
  })

  it('is as it was after a restore, before the slow source has said anything, and after a failure', async () => {
    const to = memoryStore()
    const { members, run } = await fastAndSlow({ run: { checkpoints: { to } } })
    expect(read(run, 'fast')).toBe(12)
    await run.handle.stop()
    const again = await start(apartJob(members), { checkpoints: { to, resume: true } })
    expect([read(again, 'fast'), heldBack(again, 'fast')]).toEqual([0, 1])
    await again.handle.cancel()

    let failing = true
    const sink = new LedgerSink<Row>({
      onPrepare: () => {
        if (failing) throw new Error('as the test wants it')
      },
    })
    const fast = new Script(LIVE).push('a', ...rows(1, 100))
    const slow = new Script(LIVE).push('a', row(1))
    const broken = await start(
      apartJob([
        { id: 'fast', source: fast, sink },
        { id: 'slow', source: slow },
      ]),
    )
    await broken.environment.advance(10_500)
    failing = false
    await broken.environment.advance(2000)
    expect(broken.handle.progress().generation).toBeGreaterThan(1)
    expect(read(broken, 'fast')).toBe(12)
    slow.push('a', row(5))
    await broken.environment.settle()
    expect(read(broken, 'fast')).toBe(16)
    await broken.handle.cancel()
  })

  it('waits for no split that waits for its parents: one of them would wait for it', async () => {
    const merged = new ShardedLog({ shards: 2, bounded: true })
    // One parent ends at 100 s, and the other one goes on until 600 s, with the other source between them.
    for (let n = 1; n <= 10; n++) merged.push(1, n * 10_000, n)
    for (let n = 1; n <= 60; n++) merged.push(9, n * 10_000, n)
    merged.merge('s0', 's1')
    for (let n = 61; n <= 70; n++) merged.push(1, n * 10_000, n)
    merged.end()
    const other = new Script().push('a', ...rows(1, 700)).end()
    const sinks = [new LedgerSink<Row>(), new LedgerSink<Row>()] as const
    const job = defineJob('merged', (builder) => {
      builder.from('merged', merged, eventTime(GROUP)).to('merged-out', sinks[0])
      builder.from('other', other, eventTime(GROUP)).to('other-out', sinks[1])
    }) as Job<unknown>
    const { handle } = await start(job, { parallelism: 2, checkpoints: { to: memoryStore() } })
    expect(handle.status).toBe('finished')
    expect(sinks.map(({ visible }) => visible.length)).toEqual([80, 700])
  })

  it('lets go at a drain', async () => {
    const sink = new LedgerSink<Row>()
    const fast = new Script(LIVE).push('a', ...rows(1, 100))
    const slow = new Script(LIVE).push('a', row(1))
    const run = await start(
      apartJob([
        { id: 'fast', source: fast, sink },
        { id: 'slow', source: slow },
      ]),
    )
    await run.handle.stop({ drain: 'atTip' })
    expect(sink.visible).toHaveLength(100)
  })

  it('stops the clock of idleness of a source that it holds back', async () => {
    const fast = new Script(LIVE).push('a', row(100))
    const slow = new Script(LIVE).push('a', row(1))
    const time = { ...GROUP, idleAfter: seconds(60) }
    const run = await start(
      apartJob([
        { id: 'fast', source: fast, time },
        { id: 'slow', source: slow, time },
      ]),
    )
    for (let n = 2; n <= 10; n++) {
      slow.push('a', row(n))
      await run.environment.advance(30_000)
    }
    slow.push('a', ...rows(11, 300))
    await run.environment.settle()
    // An idle one would not hold it here.
    expect(read(run, 'slow')).toBe(111)
    await run.handle.cancel()
  })
})

describe('what an interval join keeps of a fast source beside a slow one', () => {
  async function kept(time: EventTimeOptions): Promise<{ readonly left: number; readonly right: number }> {
    const fast = new Script(LIVE).push('a', ...rows(1, 2000))
    const slow = new Script(LIVE)
    const job = defineJob('joined', (builder) => {
      const left = builder.from('fast', fast, eventTime(time)).keyBy(({ key }) => key)
      const right = builder.from('slow', slow, eventTime(time)).keyBy(({ key }) => key)
      left
        .intervalJoin(right, { lower: { before: seconds(5) }, upper: seconds(5) })
        .process('near', (a, b) => [{ a, b }])
        .to('out', new LedgerSink() as Sink<unknown>)
    }) as Job<unknown>
    const run = await start(job, { checkpoints: { to: memoryStore() } })
    for (let n = 1; n <= 100; n++) {
      slow.push('a', row(n))
      await run.environment.settle()
    }
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-alignment-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await run.handle.stop({ savepoint: folder })
    const savepoint = await readSavepoint(folder)
    const count = async (state: 'left' | 'right'): Promise<number> => {
      let records = 0
      for await (const { value } of savepoint.keyedState('near', state) as AsyncIterable<{ value: unknown }>) {
        records += (value as { values: readonly unknown[] }).values.length
      }
      return records
    }
    return { left: await count('left'), right: await count('right') }
  }

  it('is bounded by the interval and maxDrift in a group, and is all of it without one', async () => {
    const aligned = await kept(GROUP)
    expect(aligned.left).toBeLessThanOrEqual(5 + 10 + 5)
    const alone = await kept({ idleAfter: false })
    expect(alone.left).toBeGreaterThan(1900)
    expect(alone.right).toBeLessThan(20)
  })
})

describe('of any sources in a group', () => {
  const gap = fc.integer({ min: 0, max: 30_000 })
  const split = fc.array(gap, { maxLength: 12 })
  const member = fc.record({
    splits: fc.array(split, { minLength: 1, maxLength: 3 }),
    maxDriftMs: fc.integer({ min: 0, max: 20_000 }),
    pollRows: fc.integer({ min: 1, max: 4 }),
  })

  interface Member {
    readonly splits: readonly (readonly number[])[]
    readonly maxDriftMs: number
    readonly pollRows: number
  }

  /** Bounded, with gaps between timestamps. What has been read of a split, and has not ended, is in `reached`. */
  function scripted({ splits, maxDriftMs, pollRows }: Member, number: number, reached: Map<string, number>): Script {
    const onPoll = (id: string): void => {
      const own = reached.get(`${number}/${id}`) ?? Number.NEGATIVE_INFINITY
      expect(own).toBeLessThanOrEqual(Math.min(...reached.values()) + maxDriftMs)
    }
    const source = new Script({ splits: splits.map((_, index) => `${index}`), pollRows, onPoll })
    splits.forEach((gaps, index) => {
      if (gaps.length > 0) reached.set(`${number}/${index}`, Number.NEGATIVE_INFINITY)
      let at = 0
      gaps.forEach((each, nth) => {
        at += each
        source.push(`${index}`, { key: nth === gaps.length - 1 ? 'last' : 'more', at, n: index })
      })
    })
    return source.end()
  }

  it('every record is read in the end, and none of a split that is too far ahead', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (members, parallelism) => {
          const reached = new Map<string, number>()
          const sinks = members.map(() => new LedgerSink<Row>())
          const sources = members.map((each, number) => scripted(each, number, reached))
          const job = defineJob('any', (builder) => {
            members.forEach(({ maxDriftMs }, number) => {
              const timestamp = ({ key, n, at }: Row): number => {
                if (key === 'last') reached.delete(`${number}/${n}`)
                else reached.set(`${number}/${n}`, at - 1)
                return at
              }
              const alignment = { maxDrift: millis(maxDriftMs), alignmentGroup: 'any', idleAfter: false } as const
              const time = boundedOutOfOrderness({ timestamp, maxDelay: millis(0), ...alignment })
              builder.from(`m${number}`, sources[number] as Script, time).to(`o${number}`, sinks[number] as Sink<Row>)
            })
          }) as Job<unknown>
          const restart = fixedDelay({ attempts: 0, delay: seconds(1) })
          const { handle } = await start(job, { parallelism, restart })
          // Nothing but records moves it: a job that waits for itself would be running still.
          expect(handle.status).toBe('finished')
          const read = sinks.map(({ visible }) => visible.length)
          expect(read).toEqual(members.map(({ splits }) => splits.flat().length))
        },
      ),
      runs(60),
    )
  })
})
