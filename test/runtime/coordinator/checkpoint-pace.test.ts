import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, start } from '../fixture/start.js'

/** A sink that holds each barrier for a time, and notes when barriers came. */
function slowJob(heldMs: number) {
  const environment = virtualEnvironment({ startAt: 0 })
  const barriers: number[] = []
  let inProgress = 0
  let most = 0
  const sink = new LedgerSink<Row>({
    onPrepare: () =>
      new Promise((resolve) => {
        barriers.push(environment.clock.now() / 1000)
        most = Math.max(most, ++inProgress)
        environment.timers.after(heldMs, () => {
          inProgress--
          resolve()
        })
      }),
  })
  const job = copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), sink)
  return { job, environment, barriers, mostAtOnce: () => most }
}

describe('periodic checkpoints', () => {
  it('begin an interval after each other, not after the end of the one before', async () => {
    const { job, environment, barriers } = slowJob(4000)
    const { handle } = await start(job, { environment, checkpoints: { interval: seconds(10) } })
    await environment.advance(35_000)
    expect(barriers).toEqual([10, 20, 30])
    await handle.cancel()
  })

  it('leave the minimum pause between the end of one and the beginning of the next', async () => {
    const { job, environment, barriers } = slowJob(4000)
    const checkpoints = { interval: seconds(10), minPause: seconds(8) }
    const { handle } = await start(job, { environment, checkpoints })
    await environment.advance(35_000)
    expect(barriers).toEqual([10, 22, 34])
    await handle.cancel()
  })

  it('come one at a time: one that takes longer than the interval is followed at once, not overlapped', async () => {
    const { job, environment, barriers, mostAtOnce } = slowJob(14_000)
    const { handle } = await start(job, { environment, checkpoints: { interval: seconds(10) } })
    await environment.advance(40_000)
    expect(barriers).toEqual([10, 24, 38])
    expect(mostAtOnce()).toBe(1)
    await handle.cancel()
  })

  it('that are asked for wait for the one in progress', async () => {
    const { job, environment, barriers, mostAtOnce } = slowJob(4000)
    const { handle } = await start(job, { environment, checkpoints: { interval: seconds(10) } })
    await environment.advance(11_000)
    const requested = handle.checkpoint()
    await environment.advance(10_000)
    await requested
    expect(barriers.slice(0, 2)).toEqual([10, 14])
    expect(mostAtOnce()).toBe(1)
    await handle.cancel()
  })

  it.each([1, 3])('keep as many as retain says, the newest ones: %i', async (retain) => {
    const store = faultyStore()
    const job = copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>())
    const { handle, environment } = await start(job, { checkpoints: { to: store, retain } })
    await environment.advance(55_000)
    await handle.cancel()
    const manifests = (await store.names('checkpoints/')).filter((name) => name.endsWith('manifest.json'))
    const ids = manifests.map((name) => Number(name.slice('checkpoints/'.length).split('-')[0]))
    expect(ids.sort()).toEqual([1, 2, 3, 4, 5].slice(-retain))
  })
})

describe('two-phase commit', () => {
  it('commits in the order of the checkpoints, and everything up to the one that completed', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    let away = true
    const sink = new LedgerSink<Row>({
      onCommit: () => {
        if (away) throw new Error('the bucket is away')
      },
    })
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { tolerableFailures: 5 } })
    await environment.advance(10_000)
    source.push('a', row(2))
    away = false
    await environment.advance(30_000)
    expect(sink.visible.map(({ n }) => n)).toEqual([1, 2])
    await handle.cancel()
  })
})

describe('subtasks that have finished', () => {
  it('take part in checkpoints, and a bounded job commits with a final one', async () => {
    const source = new Script({ splits: ['a', 'b'] }).push('a', row(1)).push('b', row(2)).end('a')
    const sink = new LedgerSink<Row>()
    const { handle, environment } = await start(copyJob(source, sink), { parallelism: 2 })
    await environment.advance(10_000)
    expect(handle.progress().checkpoints.completed).toBe(1)
    expect(sink.visible.map(({ n }) => n).sort()).toEqual([1, 2])
    source.push('b', row(3)).end('b')
    await environment.settle()
    await handle.result
    expect(sink.visible.map(({ n }) => n).sort()).toEqual([1, 2, 3])
    expect(handle.progress().checkpoints.completed).toBe(2)
  })
})
