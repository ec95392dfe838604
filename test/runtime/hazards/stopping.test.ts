import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, deferred, expectNoTimers, outcomeOf, start } from '../fixture/start.js'

const numbers = (sink: LedgerSink<Row>) => sink.visible.map(({ n }) => n)

describe('stopping', () => {
  it('returns only when its committables are committed, also when the first attempt to commit fails', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    let refusals = 1
    const sink = new LedgerSink<Row>({
      onCommit: () => {
        if (refusals-- > 0) throw new Error('the bucket is away')
      },
    })
    const { handle, environment } = await start(copyJob(source, sink))
    const stopped = handle.stop()
    await environment.advance(1000)
    expect(await outcomeOf(environment, stopped)).toMatchObject({ status: 'stopped' })
    expect(numbers(sink)).toEqual([1])
    expectNoTimers(environment)
  })

  it('a committer is not told to give up by a graceful stop', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const aborted: boolean[] = []
    const sink = new LedgerSink<Row>({ onCommit: ({ signal }) => void aborted.push(signal.aborted) })
    const { handle } = await start(copyJob(source, sink))
    await handle.stop()
    expect(aborted).toEqual([false])
  })

  it('a drain whose last checkpoint fails is done again, and ends finished', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const store = faultyStore()
    const { handle, environment } = await start(copyJob(source, sink), { checkpoints: { to: store } })
    store.fault = (call, name) => (call === 'create' && name.endsWith('manifest.json') ? 'fail' : undefined)
    const drained = handle.stop({ drain: 'atTip' })
    await environment.settle()
    store.fault = () => undefined
    await environment.advance(1000)
    expect(await outcomeOf(environment, drained)).toMatchObject({ status: 'finished' })
    expect(numbers(sink)).toEqual([1])
  })

  it('a job whose final commit failed has finished all the same: it commits and reads nothing again', async () => {
    const source = new Script().push('a', row(1)).end()
    let refusals = 1
    const sink = new LedgerSink<Row>({
      onCommit: () => {
        if (refusals-- > 0) throw new Error('the bucket is away')
      },
    })
    const { handle, environment } = await start(copyJob(source, sink))
    await environment.advance(1000)
    expect(await outcomeOf(environment, handle.result)).toMatchObject({ status: 'finished' })
    expect(numbers(sink)).toEqual([1])
    expect(source.opened).toEqual(['a'])
  })

  it('a resumed job that had finished commits what is open as the restart strategy says', async () => {
    const store = faultyStore()
    const refuse = { left: 10 }
    const hooks = {
      onCommit: () => {
        if (refuse.left-- > 0) throw new Error('the bucket is away')
      },
    }
    const first = await start(copyJob(new Script().push('a', row(1)).end(), new LedgerSink<Row>(hooks)), {
      checkpoints: { to: store },
    })
    await first.environment.advance(10_000)
    expect(first.handle.status).toBe('failed')
    refuse.left = 1
    const sink = new LedgerSink<Row>(hooks)
    const second = await start(copyJob(new Script().push('a', row(1)).end(), sink), {
      checkpoints: { to: store, resume: true },
    })
    await second.environment.advance(1000)
    expect(await outcomeOf(second.environment, second.handle.result)).toMatchObject({ status: 'finished' })
    expect(numbers(sink)).toEqual([1])
  })

  it('behind a drain a split that was read to its tip goes on where it was', async () => {
    const store = faultyStore()
    const first = await start(copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>()), {
      checkpoints: { to: store },
    })
    await first.handle.stop({ drain: 'atTip' })
    const sink = new LedgerSink<Row>()
    const more = new Script({ intervalMs: 1000 }).push('a', row(1), row(2))
    const second = await start(copyJob(more, sink), { checkpoints: { to: store, resume: true, resumeDrained: true } })
    await second.handle.stop()
    expect(numbers(sink)).toEqual([2])
  })

  it('a drain to the tip ends at a reader that only says when it has caught up', async () => {
    const source = new Script({ intervalMs: 1000, endsAtTip: false }).push('a', row(1), row(2))
    const sink = new LedgerSink<Row>()
    const { handle, environment } = await start(copyJob(source, sink))
    expect(await outcomeOf(environment, handle.stop({ drain: 'atTip' }))).toMatchObject({ status: 'finished' })
    expect(numbers(sink)).toEqual([1, 2])
  })

  it('during the pause before a restart ends at the newest checkpoint', async () => {
    const source = new Script({
      intervalMs: 1000,
      onPoll: () => {
        if (source.polled === 1) throw new Error('a poisoned record')
      },
    }).push('a', row(1), row(2))
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    expect(handle.status).toBe('restarting')
    expect(await outcomeOf(environment, handle.stop())).toMatchObject({ status: 'stopped' })
    expectNoTimers(environment)
  })

  it('may be asked for twice, and from inside the status', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1))
    const sink = new LedgerSink<Row>()
    const { handle, environment } = await start(copyJob(source, sink))
    const subscription = handle.status$.subscribe((status) => {
      if (status === 'running' || status === 'stopping') void handle.stop()
    })
    const twice = await Promise.all([handle.stop(), handle.stop()])
    subscription.unsubscribe()
    expect(twice.map(({ status }) => status)).toEqual(['stopped', 'stopped'])
    expect(handle.progress().checkpoints.completed).toBe(1)
    expectNoTimers(environment)
  })
})

describe('cancelling', () => {
  it('while starting does not wait for a source that looks for its splits for ever', async () => {
    const never = deferred()
    const source = new Script({ intervalMs: 1000, onDiscover: () => never.promise })
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    expect(handle.status).toBe('starting')
    expect(await outcomeOf(environment, handle.cancel())).toMatchObject({ status: 'cancelled' })
    expectNoTimers(environment)
  })

  it('closes a reader that opens only afterwards', async () => {
    const late = deferred()
    const source = new Script({ intervalMs: 1000, onOpen: () => late.promise })
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    await handle.cancel()
    late.resolve()
    await environment.settle()
    expect(source.closed).toEqual(source.opened)
    expectNoTimers(environment)
  })

  it('releases everything though an enumerator and a writer throw when they close', async () => {
    const source = new Script({
      intervalMs: 1000,
      onEnumeratorClose: () => {
        throw new Error('enumerator')
      },
    }).push('a', row(1))
    const sink = new LedgerSink<Row>({
      onClose: () => {
        throw new Error('writer')
      },
    })
    const { handle, environment } = await start(copyJob(source, sink))
    expect(await outcomeOf(environment, handle.cancel())).toMatchObject({ status: 'cancelled' })
    expect(source.closed).toEqual(['a'])
    expectNoTimers(environment)
  })
})

describe('failing', () => {
  it('names operator and split of a reader that breaks, and what broke', async () => {
    const source = new Script({
      onPoll: () => {
        throw new Error('the iterator expired')
      },
    })
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    await environment.advance(3000)
    const error = await outcomeOf(environment, handle.result)
    expect(error).toMatchObject({ operatorId: 'rows', location: 'split a' })
    expect(String(error)).toContain('the iterator expired')
    expect(handle.status).toBe('failed')
    expectNoTimers(environment)
  })

  it.each([
    ['its enumerator', { onEnumerate: () => fail('enumerate') }],
    ['the first look for splits', { onDiscover: () => fail('discover') }],
    ['opening a split', { onOpen: () => fail('open') }],
  ])('restarts a source that fails in %s, then gives up with its error', async (_, hooks) => {
    const { handle, environment } = await start(copyJob(new Script(hooks), new LedgerSink<Row>()))
    expect(handle.status).toBe('restarting')
    await environment.advance(3000)
    expect(await outcomeOf(environment, handle.result)).toMatchObject({ operatorId: 'rows' })
    expect(handle.progress().generation).toBe(4)
    expectNoTimers(environment)
  })
})

describe('observing', () => {
  it('status$ completes with the job, and progress$ ends with the final numbers', async () => {
    const source = new Script().push('a', row(1), row(2))
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    const statuses = lastValueFrom(handle.status$.pipe(toArray()))
    const progress = lastValueFrom(handle.progress$)
    source.end()
    await environment.settle()
    expect((await statuses).at(-1)).toBe('finished')
    expect(await progress).toMatchObject({ status: 'finished', recordsRead: 2 })
    expect(await lastValueFrom(handle.progress$)).toMatchObject({ status: 'finished' })
    expectNoTimers(environment)
  })

  it('whoever stops watching the progress leaves no timer behind', async () => {
    const source = new Script().push('a', row(1))
    const { handle, environment } = await start(copyJob(source, new LedgerSink<Row>()))
    const two = firstValueFrom(handle.progress$.pipe(take(2), toArray()))
    await environment.advance(1000)
    expect(await two).toHaveLength(2)
    source.end()
    await environment.settle()
    expect(handle.status).toBe('finished')
    expectNoTimers(environment)
  })
})

function fail(where: string): never {
  throw new Error(`no answer to ${where}`)
}
