import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import type { RunOptions } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type ReshardedSinks, reshardedJob, type Seen } from '../fixture/resharded-job.js'
import { ShardedLog } from '../fixture/sharded-log.js'
import { outcomeOf, type Started, start } from '../fixture/start.js'

const sinks = (): ReshardedSinks => ({
  seen: new LedgerSink<Seen>(),
  windows: new LedgerSink(),
  late: new LedgerSink(),
})

const hourly = { checkpoints: { interval: seconds(3600) } }

const running = (log: ShardedLog, into: ReshardedSinks, options: RunOptions = {}): Promise<Started> =>
  start(reshardedJob(log, into), { parallelism: 2, ...hourly, ...options })

const inOrder = (seen: readonly Seen[]): boolean =>
  seen.every(({ n, before, late }) => !late && (before === undefined || before < n))

describe('a split that has parents (faults 10 to 13, 15)', () => {
  it('is read when its parent has ended, at once on the subtask that read it', async () => {
    const log = new ShardedLog({ assign: () => 1 })
    log.push(1, 1000, 1)
    const [lower, upper] = log.split('s0')
    log.push(1, 2000, 2)
    log.allow('s0', 0)
    const into = sinks()
    const { handle, environment } = await running(log, into)
    await environment.advance(5000)
    expect(log.opened).toEqual(['s0@1'])
    log.allow('s0', 1)
    await environment.settle()
    expect(log.opened).toEqual(['s0@1', `${lower}@1`, `${upper}@1`])
    expect(handle.progress().checkpoints.completed).toBe(0)
    await handle.stop()
    expect(into.seen.visible).toMatchObject([{ n: 1 }, { n: 2, before: 1, late: false }])
  })

  it('is read elsewhere only behind a completed checkpoint with its parent’s end, which is asked for at once', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const log = new ShardedLog({ assign: (id) => (id === 's0' ? 0 : 1) })
    log.push(1, 1000, 1)
    const into = sinks()
    into.seen.hooks = { onPrepare: () => held }
    const { handle, environment } = await running(log, into)
    log.split('s0')
    log.push(1, 2000, 2)
    await environment.settle()
    expect(log.opened).toEqual(['s0@0'])
    release()
    await environment.settle()
    expect(log.opened).toEqual(['s0@0', 's1@1', 's2@1'])
    expect(handle.progress().checkpoints.completed).toBe(1)
    await handle.stop()
    expect(inOrder(into.seen.visible)).toBe(true)
  })

  it('does not take a checkpoint for one with its parent’s end whose barriers went out before', async () => {
    const held: (() => void)[] = []
    const log = new ShardedLog({ assign: (id) => (id === 's0' ? 0 : 1) })
    const into = sinks()
    into.seen.hooks = { onPrepare: () => new Promise<void>((resolve) => held.push(resolve)) }
    const { handle, environment } = await running(log, into)
    const first = handle.checkpoint()
    await environment.settle()
    log.split('s0')
    await environment.settle()
    for (const release of held.splice(0)) release()
    await first
    await environment.settle()
    expect(log.opened).toEqual(['s0@0'])
    expect(held.length).toBeGreaterThan(0)
    for (const release of held.splice(0)) release()
    await environment.settle()
    expect(log.opened).toEqual(['s0@0', 's1@1', 's2@1'])
    await handle.cancel()
  })

  it('waits for all of its parents: two splits and a merge', async () => {
    const log = new ShardedLog()
    const into = sinks()
    const { handle, environment } = await running(log, into, { parallelism: 1 })
    const [a, b] = log.split('s0')
    const [, right] = log.split(a)
    const [left] = log.split(b)
    log.allow(left, 0)
    log.push(9, 1000, 1)
    const merged = log.merge(right, left)
    log.push(9, 2000, 2)
    await environment.advance(1000)
    expect(log.opened).not.toContain(`${merged}@0`)
    log.allow(left, 1)
    await environment.settle()
    expect(log.opened.at(-1)).toBe(`${merged}@0`)
    await handle.stop()
    expect(into.seen.visible).toMatchObject([{ n: 1 }, { n: 2, before: 1 }])
  })

  it('is looked for when its parent ends, not at the next interval', async () => {
    const log = new ShardedLog({ intervalMs: 60_000, assign: () => 0 })
    const { handle, environment } = await running(log, sinks())
    log.split('s0')
    await environment.settle()
    expect(log.opened).toEqual(['s0@0', 's1@0', 's2@0'])
    await handle.cancel()
  })

  it('is found by a second look where the first one began before its parent ended', async () => {
    let release: (() => void) | undefined
    const log: ShardedLog = new ShardedLog({
      shards: 2,
      intervalMs: 1000,
      assign: () => 0,
      onDiscover: () => (log.discoveries === 2 ? new Promise<void>((resolve) => (release = resolve)) : undefined),
    })
    const { handle, environment } = await running(log, sinks())
    await environment.advance(1000)
    log.split('s0')
    await environment.settle()
    expect(log.discoveries).toBe(2)
    log.trim('s2')
    release?.()
    await environment.settle()
    expect(log.discoveries).toBe(3)
    await handle.cancel()
  })

  it('that waits is in the checkpoint, and starts after a restore with the time of its parents', async () => {
    const log = new ShardedLog({ shards: 2 })
    const into = sinks()
    const store = memoryStore()
    const checkpoints = { to: store, interval: seconds(3600) }
    log.push(1, 30_000, 1)
    log.push(9, 90_000, 2)
    log.allow('s1', 0)
    const first = await running(log, into, { checkpoints })
    const merged = log.merge('s0', 's1')
    log.push(1, 30_001, 3)
    await first.environment.settle()
    await first.handle.stop()
    for (const parallelism of [1, 3]) {
      const again = await running(log, into, { parallelism, checkpoints: { ...checkpoints, resume: true } })
      expect(log.opened.filter((opened) => opened.startsWith('s0'))).toEqual(['s0@0'])
      expect(log.opened.some((opened) => opened.startsWith(merged))).toBe(false)
      await again.handle.stop()
    }
    log.allow('s1', 1)
    const last = await running(log, into, { checkpoints: { ...checkpoints, resume: true } })
    await last.environment.settle()
    await last.handle.stop()
    expect(into.seen.visible.map(({ n }) => n)).toEqual([1, 2, 3])
    expect(inOrder(into.seen.visible)).toBe(true)
  })

  it('fault 11, 12: a shard that has ended is not read again after a restore, also when its end came behind the barrier', async () => {
    const log = new ShardedLog()
    const into = sinks()
    const store = memoryStore()
    for (let n = 1; n <= 5; n++) log.push(n, n * 1000, n)
    const checkpoints = { to: store, interval: seconds(3600) }
    const first = await running(log, into, { parallelism: 1, checkpoints })
    const done = first.handle.checkpoint()
    log.split('s0')
    await first.environment.settle()
    await done
    await first.handle.cancel()
    const second = await running(log, into, { parallelism: 2, checkpoints: { ...checkpoints, resume: true } })
    log.push(1, 9000, 6)
    await second.environment.advance(2000)
    await second.handle.stop()
    expect(into.seen.visible.map(({ n }) => n).sort()).toEqual([1, 2, 3, 4, 5, 6])
    expect(inOrder(into.seen.visible)).toBe(true)
  })

  it('whose parents are neither known nor there is read', async () => {
    const log = new ShardedLog({ assign: () => 0 })
    const [lower] = log.split('s0')
    log.trim('s0')
    log.push(0, 1000, 1)
    const into = sinks()
    const { handle } = await running(log, into)
    expect(log.opened).toContain(`${lower}@0`)
    await handle.stop()
    expect(into.seen.visible).toMatchObject([{ n: 1 }])
  })
})

describe('a split that is gone before it was read to its end', () => {
  it('ends the job with what is lost', async () => {
    const log = new ShardedLog()
    log.allow('s0', 0)
    log.push(1, 1000, 1)
    const { handle, environment } = await running(log, sinks())
    log.split('s0')
    log.trim('s0')
    const outcome = handle.result.catch((error: unknown) => error)
    await environment.advance(60_000)
    expect(await outcomeOf(environment, outcome)).toMatchObject({ code: 'TRIMMED' })
  })

  it('is left where the job may go on, and its children are read', async () => {
    const log = new ShardedLog({ onTrimmed: 'continue', assign: () => 0 })
    log.allow('s0', 0)
    log.push(1, 1000, 1)
    const into = sinks()
    const { handle, environment } = await running(log, into)
    const [lower] = log.split('s0')
    log.push(1, 2000, 2)
    log.trim('s0')
    await environment.advance(1000)
    expect(log.opened).toContain(`${lower}@0`)
    await handle.stop()
    expect(into.seen.visible).toMatchObject([{ n: 2 }])
  })

  it('is noticed at a restore before anything is read', async () => {
    const log = new ShardedLog()
    const store = memoryStore()
    const checkpoints = { to: store, interval: seconds(3600) }
    const first = await running(log, sinks(), { checkpoints })
    await first.handle.stop()
    log.split('s0')
    log.trim('s0')
    const opened = log.opened.length
    const second = await start(reshardedJob(log, sinks()), { checkpoints: { ...checkpoints, resume: true } })
    const outcome = second.handle.result.catch((error: unknown) => error)
    await second.environment.advance(60_000)
    expect(await outcomeOf(second.environment, outcome)).toMatchObject({ code: 'TRIMMED' })
    expect(log.opened).toHaveLength(opened)
  })

  it('what has been read to its end is forgotten once it is gone, and not before a checkpoint has its end', async () => {
    const log = new ShardedLog({ assign: () => 0 })
    const store = memoryStore()
    const checkpoints = { to: store, interval: seconds(3600) }
    const { handle, environment } = await running(log, sinks(), { checkpoints })
    for (let round = 0; round < 20; round++) {
      const id = log.open[0]?.id as string
      const [lower, upper] = log.split(id)
      await environment.advance(1000)
      log.merge(lower, upper)
      await environment.advance(1000)
      for (const shard of log.shards.values()) if (shard.closed) log.trim(shard.id)
    }
    await environment.advance(1000)
    const before = await sizeOfState(store)
    await handle.checkpoint()
    await environment.advance(2000)
    await handle.checkpoint()
    expect(before).toBeUndefined()
    expect(await sizeOfState(store)).toBeLessThan(400)
    await handle.cancel()
  })
})

/** Of the newest enumerator's and source subtask's objects. */
async function sizeOfState(store: ReturnType<typeof memoryStore>): Promise<number | undefined> {
  const names = (await store.list('checkpoints/')).filter(
    (name) => name.includes('rows') && name.includes('enumerator'),
  )
  const name = names.sort().at(-1)
  return name === undefined ? undefined : (await store.read(name))?.length
}
