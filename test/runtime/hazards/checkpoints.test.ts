import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { TidemarkError } from '../../../core/errors.js'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, deferred, expectNoTimers, outcomeOf, start } from '../fixture/start.js'

const numbers = (sink: LedgerSink<Row>) => sink.visible.map(({ n }) => n)

describe('exactly once, whatever fails', () => {
  it('nothing is visible in a transactional sink without a completed checkpoint', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1), row(2))
    const sink = new LedgerSink<Row>()
    const { handle, environment } = await start(copyJob(source, sink))
    expect(sink.taken).toBe(2)
    expect(numbers(sink)).toEqual([])
    await environment.advance(10_000)
    expect(numbers(sink)).toEqual([1, 2])
    await handle.cancel()
    expectNoTimers(environment)
  })

  it('what an aborted checkpoint prepared is committed with the next one', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), {
      checkpoints: { to: store, tolerableFailures: 1 },
    })
    store.fault = (call, name) => (call === 'create' && name.endsWith('manifest.json') ? 'fail' : undefined)
    await environment.advance(10_000)
    expect(handle.progress().checkpoints).toMatchObject({ completed: 0, failed: 1 })
    store.fault = () => undefined
    source.push('a', row(2))
    await environment.advance(10_000)
    expect(numbers(sink)).toEqual([1, 2])
    expect(handle.progress().generation).toBe(1)
    expect((await store.names('checkpoints/')).every((name) => name.startsWith('checkpoints/0000000002-'))).toBe(true)
    await handle.cancel()
  })

  it('a failing commit restarts the job, which first commits from the durable manifest', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    let refusals = 1
    const sink = new LedgerSink<Row>({
      onCommit: () => {
        if (refusals-- > 0) throw new Error('the bucket is away')
      },
    })
    const { handle, environment, logged } = await start(copyJob(source, sink), {
      checkpoints: { tolerableFailures: 5 },
    })
    await environment.advance(10_000)
    expect(handle.status).toBe('restarting')
    expect(logged.join('\n')).toContain("operator 'out'")
    await environment.advance(1000)
    expect(handle.progress().generation).toBe(2)
    expect(numbers(sink)).toEqual([1])
    await environment.advance(10_000)
    expect(numbers(sink)).toEqual([1])
    await handle.cancel()
  })

  it('a lost reply of the job log is looked up, not taken for a failure or another writer', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { to: store } })
    store.fault = (call, name) => (call === 'create' && name.startsWith('log/') ? 'loseReply' : undefined)
    await environment.advance(20_000)
    expect(handle.progress()).toMatchObject({ status: 'running', generation: 1, checkpoints: { failed: 0 } })
    expect(numbers(sink)).toEqual([1])
    await handle.cancel()
  })

  it('storage that is away at the claim of a generation is tried again as the restart strategy says', async () => {
    let polls = 0
    const source = new Script({
      intervalMs: 1000,
      onPoll: () => {
        if (++polls === 2) throw new Error('a poisoned record')
      },
    }).push('a', row(1), row(2))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { to: store } })
    expect(handle.status).toBe('restarting')
    store.fault = (call) => (call === 'create' ? 'fail' : undefined)
    await environment.advance(1000)
    store.fault = () => undefined
    await environment.advance(1000)
    expect(handle.status).toBe('running')
    await environment.advance(10_000)
    expect(numbers(sink)).toEqual([1, 2])
    await handle.cancel()
  })

  it('what deletes an old checkpoint may fail: the new one is complete', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { to: store } })
    store.fault = (call) => (call === 'delete' ? 'fail' : undefined)
    await environment.advance(30_000)
    expect(handle.progress()).toMatchObject({ generation: 1, checkpoints: { completed: 3, failed: 0 } })
    await handle.cancel()
  })

  it('a generation begins by removing what older ones left and no log entry names', async () => {
    const store = faultyStore()
    const first = await start(copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>()), {
      checkpoints: { to: store },
    })
    store.fault = (call) => (call === 'delete' ? 'fail' : undefined)
    await first.environment.advance(30_000)
    await first.handle.cancel()
    store.fault = () => undefined
    const second = await start(copyJob(new Script({ intervalMs: 1000 }), new LedgerSink<Row>()), {
      checkpoints: { to: store, resume: true },
    })
    const left = await store.names('checkpoints/')
    expect(left.length).toBeGreaterThan(0)
    expect(left.every((name) => name.startsWith('checkpoints/0000000003-0000000001/'))).toBe(true)
    await second.handle.cancel()
  })

  it('a log that is gone while checkpoints are there is fatal, not a fresh start', async () => {
    const store = faultyStore()
    const job = () => copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>())
    const first = await start(job(), { checkpoints: { to: store } })
    await first.environment.advance(10_000)
    await first.handle.cancel()
    for (const name of await store.names('log/')) await store.delete(name)
    const second = await start(job(), { checkpoints: { to: store, resume: true } })
    expect(await outcomeOf(second.environment, second.handle.result)).toMatchObject({ code: 'LOG_MISSING' })
  })

  it('a deposed process stops without a restart and changes nothing', async () => {
    const store = faultyStore()
    const sink = new LedgerSink<Row>()
    const old = await start(copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), sink), {
      checkpoints: { to: store },
    })
    const heir = await start(copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>()), {
      checkpoints: { to: store, resume: true, interval: seconds(1000) },
    })
    const before = await store.names('log/')
    await old.environment.advance(10_000)
    expect(await outcomeOf(old.environment, old.handle.result)).toMatchObject({ code: 'DEPOSED' })
    expect(old.handle.status).toBe('failed')
    expect(numbers(sink)).toEqual([])
    expect(await store.names('log/')).toEqual(before)
    expectNoTimers(old.environment)
    await heir.handle.cancel()
  })
})

describe('no checkpoint before every subtask has restored and has its splits', () => {
  it('a trigger right after deployment records the splits', async () => {
    const gate = deferred()
    const source = new Script({ intervalMs: 1000, onDiscover: () => gate.promise }).push('a', row(1))
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()), { checkpoints: { to: store } })
    expect(await outcomeOf(environment, handle.checkpoint())).toMatchObject({ code: 'JOB_NOT_RUNNING' })
    await environment.advance(60_000)
    expect(await store.names('checkpoints/')).toEqual([])
    gate.resolve()
    await environment.settle()
    await handle.checkpoint()
    await handle.cancel()
    const sink = new LedgerSink<Row>()
    const resumed = new Script({ intervalMs: 1000 }).push('a', row(1), row(2))
    const second = await start(copyJob(resumed, sink), { checkpoints: { to: store, resume: true } })
    await second.handle.stop()
    expect(numbers(sink)).toEqual([1, 2].slice(1))
  })

  it('a split that is assigned between barrier and snapshot is read once after a restore', async () => {
    let stalled = true
    const source = new Script({ intervalMs: 1000 }).push('a', ...Array.from({ length: 40 }, (_, n) => row(n)))
    const sink = new LedgerSink<Row>({ capacity: () => (stalled ? 0 : 1000) })
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), {
      checkpoints: { to: store },
      limits: { outputRows: 1, channelRows: 1 },
    })
    const checkpoint = handle.checkpoint()
    source.push('b', row(100))
    await environment.advance(1000)
    stalled = false
    sink.wake()
    await environment.settle()
    await checkpoint
    await handle.cancel()
    const visible = new LedgerSink<Row>()
    const again = new Script({ intervalMs: 1000 }).push('a').push('b', row(100))
    const second = await start(copyJob(again, visible), { checkpoints: { to: store, resume: true } })
    await second.handle.stop()
    expect(visible.visible.filter(({ n }) => n === 100)).toHaveLength(1)
  })
})

describe('timeout, one at a time, tolerable consecutive failures', () => {
  it('a checkpoint whose objects take too long is aborted, and never counts when they arrive later', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const slow = deferred()
    store.fault = (call, name) =>
      call === 'create' && name.startsWith('checkpoints/0000000001-') ? slow.promise : undefined
    const { handle, environment } = await start(copyJob(source, sink), {
      checkpoints: { to: store, timeout: seconds(5), tolerableFailures: 1 },
    })
    await environment.advance(15_000)
    expect(handle.progress().checkpoints).toMatchObject({ completed: 0, failed: 1 })
    await environment.advance(10_000)
    expect(handle.progress().checkpoints).toMatchObject({ completed: 1, failed: 1 })
    expect(numbers(sink)).toEqual([1])
    slow.resolve()
    await environment.settle()
    await environment.advance(10_000)
    expect(handle.progress().checkpoints).toMatchObject({ completed: 2, failed: 1 })
    await handle.cancel()
  })

  it('a sink that hangs at the barrier fails the checkpoint and, beyond the tolerance, restarts the job', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const hung = deferred()
    let hang = true
    const sink = new LedgerSink<Row>({ onPrepare: () => (hang ? hung.promise : undefined) })
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { timeout: seconds(5) } })
    await environment.advance(15_000)
    expect(handle.status).toBe('restarting')
    hang = false
    await environment.advance(11_000)
    expect(handle.progress()).toMatchObject({ status: 'running', generation: 2, checkpoints: { completed: 1 } })
    expect(numbers(sink)).toEqual([1])
    hung.resolve()
    await environment.advance(10_000)
    expect(numbers(sink)).toEqual([1])
    await handle.cancel()
  })

  it('an enumerator that fails in its snapshot fails the checkpoint, not the process', async () => {
    const source = new Script({
      intervalMs: 1000,
      onSnapshot: () => {
        throw new Error('no position')
      },
    })
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()), {
      checkpoints: { tolerableFailures: 10 },
    })
    await environment.advance(10_000)
    expect(handle.progress()).toMatchObject({ status: 'running', checkpoints: { failed: 1 } })
    expect(await outcomeOf(environment, handle.checkpoint())).toBeInstanceOf(TidemarkError)
    await handle.cancel()
    expectNoTimers(environment)
  })

  it('a checkpoint that is asked for while the generation ends is refused, not forgotten', async () => {
    const closing = deferred()
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>({ onClose: () => undefined })
    const { handle, environment } = await start(copyJob(source, sink))
    sink.hooks.onPrepare = () => {
      throw new Error('disk full')
    }
    const store = closing.promise
    const first = outcomeOf(environment, handle.checkpoint())
    expect(await first).toBeInstanceOf(TidemarkError)
    expect(await outcomeOf(environment, handle.checkpoint())).toBeInstanceOf(TidemarkError)
    closing.resolve()
    await store
    await handle.cancel()
  })
})
