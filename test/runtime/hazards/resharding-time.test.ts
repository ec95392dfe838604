import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import type { EventTimeOptions } from '../../../core/time/watermarks.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type ReshardedSinks, reshardedJob, type Seen } from '../fixture/resharded-job.js'
import { ShardedLog } from '../fixture/sharded-log.js'
import { type Started, start } from '../fixture/start.js'

const sinks = (): ReshardedSinks => ({
  seen: new LedgerSink<Seen>(),
  windows: new LedgerSink(),
  late: new LedgerSink(),
})

const running = (log: ShardedLog, into: ReshardedSinks, options: EventTimeOptions = {}): Promise<Started> =>
  start(reshardedJob(log, into, options), { parallelism: 2, checkpoints: { interval: seconds(3600) } })

/** Event time of the windows. */
function watermark({ handle }: Started): number {
  return Math.min(
    ...handle
      .progress()
      .operators.filter(({ id }) => id === 'windows')
      .map(({ watermark }) => watermark ?? Number.NEGATIVE_INFINITY),
  )
}

describe('no watermark passes what a split begins with', () => {
  it('when its subtask was far ahead of its parents', async () => {
    const log = new ShardedLog({ shards: 2, assign: (id) => (id === 's0' ? 0 : 1) })
    const into = sinks()
    for (let n = 1; n <= 20; n++) log.push(n % 2 === 0 ? 1 : 9, n * 10_000, n)
    log.allow('s0', 1)
    const run = await running(log, into)
    const { handle, environment } = run
    expect(watermark(run)).toBe(20_000 - 1)
    log.allow('s0', 3)
    log.shards.get('s0')?.rows.splice(3)
    log.split('s0')
    log.push(1, 60_001, 21)
    log.push(9, 300_000, 22)
    await environment.advance(2000)
    expect(log.opened).toContain('s2@1')
    // Its sibling, and it itself, have said nothing later.
    expect(watermark(run)).toBe(60_000 - 1)
    await handle.stop()
    expect(into.seen.visible.filter(({ late }) => late)).toEqual([])
    expect(into.seen.visible.map(({ n }) => n)).toContain(21)
  })

  it('while it waits for a checkpoint', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const log = new ShardedLog({ shards: 2, assign: (id) => (id === 's0' ? 0 : 1) })
    const into = sinks()
    into.seen.hooks = { onPrepare: () => held }
    const run = await running(log, into)
    log.push(1, 10_000, 1)
    log.push(9, 50_000, 2)
    await run.environment.settle()
    log.split('s0')
    log.push(1, 10_001, 3)
    await run.environment.settle()
    expect(log.opened).toHaveLength(2)
    expect(watermark(run)).toBe(10_000 - 1)
    release()
    await run.environment.settle()
    expect(log.opened).toHaveLength(4)
    await run.handle.stop()
    expect(into.seen.visible.filter(({ late }) => late)).toEqual([])
    expect(into.seen.visible).toHaveLength(3)
  })

  it('while no listing has what follows its parent', async () => {
    const log = new ShardedLog({ shards: 2, intervalMs: 1000 })
    const into = sinks()
    const run = await running(log, into)
    log.push(1, 10_000, 1)
    log.push(9, 50_000, 2)
    await run.environment.settle()
    const [lower, upper] = log.split('s0')
    log.hide(lower)
    log.push(1, 10_001, 3)
    log.push(7, 60_000, 4)
    await run.environment.advance(3000)
    expect(log.opened.map((opened) => opened.slice(0, 2))).toContain(upper)
    expect(watermark(run)).toBe(10_000 - 1)
    log.hide(lower, false)
    await run.environment.advance(1000)
    await run.handle.stop()
    expect(into.seen.visible.filter(({ late }) => late)).toEqual([])
    expect(into.seen.visible.map(({ n }) => n).sort()).toEqual([1, 2, 3, 4])
  })

  it('but not for ever where it never comes', async () => {
    const log = new ShardedLog({ shards: 2, intervalMs: 1000 })
    const into = sinks()
    const run = await running(log, into)
    log.push(1, 10_000, 1)
    log.push(9, 50_000, 2)
    await run.environment.settle()
    const [lower] = log.split('s0')
    log.hide(lower)
    log.push(7, 60_000, 4)
    await run.environment.advance(4000)
    expect(watermark(run)).toBe(10_000 - 1)
    await run.environment.advance(4000)
    expect(watermark(run)).toBe(50_000 - 1)
    await run.handle.cancel()
  })

  it('but an idle parent and its children hold nothing back (fault 15)', async () => {
    const log = new ShardedLog({ shards: 2, assign: (id) => (id === 's1' ? 1 : 0) })
    const into = sinks()
    const run = await running(log, into, { idleAfter: seconds(60) })
    log.push(1, 10_000, 1)
    log.push(9, 50_000, 2)
    await run.environment.advance(59_000)
    // The other one goes on.
    log.push(9, 60_000, 3)
    await run.environment.advance(2000)
    expect(watermark(run)).toBe(60_000 - 1)
    log.split('s0')
    log.push(9, 70_000, 4)
    await run.environment.advance(2000)
    expect(log.opened).toHaveLength(4)
    expect(watermark(run)).toBe(70_000 - 1)
    // Who wakes up on a subtask that has said less than others waits to be in time with all of them.
    log.push(1, 65_000, 5)
    log.push(9, 80_000, 6)
    await run.environment.settle()
    expect(watermark(run)).toBe(80_000 - 1)
    log.push(1, 90_000, 7)
    await run.environment.settle()
    log.push(9, 100_000, 8)
    await run.environment.settle()
    expect(watermark(run)).toBe(90_000 - 1)
    await run.handle.cancel()
  })

  it('and an empty child holds it back for the idle time alone', async () => {
    const log = new ShardedLog({ shards: 2, assign: () => 0 })
    const into = sinks()
    const run = await running(log, into, { idleAfter: seconds(60) })
    log.push(1, 10_000, 1)
    log.push(9, 50_000, 2)
    await run.environment.settle()
    log.split('s0')
    for (let second = 0; second < 60; second += 10) {
      log.push(9, 60_000 + second, 3 + second)
      await run.environment.advance(10_000)
      if (second < 50) expect(watermark(run)).toBe(10_000 - 1)
    }
    expect(watermark(run)).toBeGreaterThan(50_000)
    await run.handle.cancel()
  })
})

describe('watermark alignment', () => {
  it('does not read a split that is further ahead than maxDrift, and goes on when the slowest one has caught up', async () => {
    const log = new ShardedLog({ shards: 2 })
    const into = sinks()
    for (let n = 1; n <= 50; n++) log.push(9, n * 1000, n)
    log.push(1, 1000, 100)
    log.push(1, 21_000, 101)
    log.allow('s0', 1)
    const run = await running(log, into, { maxDrift: seconds(10) })
    await run.environment.settle()
    const read = () => run.handle.progress().operators.find(({ id }) => id === 'rows')?.recordsOut
    // The one that takes it beyond is read.
    expect(read()).toBe(1 + 12)
    log.allow('s0', 2)
    await run.environment.settle()
    expect(read()).toBe(2 + 32)
    await run.handle.cancel()
  })

  it('stops the clock of idleness of a split that it holds back', async () => {
    const log = new ShardedLog({ shards: 2 })
    const into = sinks()
    log.push(9, 100_000, 1)
    log.push(1, 1000, 2)
    const run = await running(log, into, { maxDrift: seconds(10), idleAfter: seconds(60) })
    for (let second = 0; second < 300; second += 30) {
      log.push(1, 2000 + second, 3 + second)
      await run.environment.advance(30_000)
    }
    log.push(1, 200_000, 1000)
    await run.environment.settle()
    // The other one has not become idle meanwhile.
    expect(watermark(run)).toBe(100_000 - 1)
    await run.handle.cancel()
  })
})
