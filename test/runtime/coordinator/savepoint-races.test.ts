import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSavepointManifest } from '../../../runtime/storage/savepoint-objects.js'
import { type Call, type Fault, faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { folder } from '../fixture/savepoint-job.js'
import { type Row, row, Script } from '../fixture/script.js'
import { deferred, expectNoTimers, outcomeOf, start } from '../fixture/start.js'
import { countingJob, startMaster } from './master.js'

const openSource = () => new Script({ intervalMs: 1000 }).push('a', row(1), row(2))
const numbers = (sink: LedgerSink<Row>) => sink.visible.map(({ n }) => n)

const holding =
  (part: string, until: Promise<void>) =>
  (call: Call, name: string): Fault =>
    call === 'create' && name.includes(part) ? until : undefined

async function withPlace(sink = new LedgerSink<Row>(), source = openSource()) {
  const place = faultyStore()
  const places = new Map([['place', place]])
  return { ...(await startMaster(countingJob(source, sink), { places })), place, source }
}

describe('a savepoint that takes too long', () => {
  it.each(['state/count/0-', 'state/rows/'])(
    'leaves nothing, also when storage takes %s only afterwards',
    async (part) => {
      const { master, environment, place, store } = await withPlace()
      const slow = deferred()
      place.fault = holding(part, slow.promise)
      const savepoint = master.savepoint('place')
      savepoint.catch(() => undefined)
      await environment.advance(6000)
      slow.resolve()
      await environment.advance(1000)
      expect(await outcomeOf(environment, savepoint)).toMatchObject({ code: 'CHECKPOINT_TIMEOUT' })
      expect(await place.names()).toEqual([])
      expect((await store.names('checkpoints/')).filter((name) => name.includes('0000000001-'))).toEqual([])
      expect(master.status).toBe('running')
      master.stop({ kind: 'cancel' })
      await environment.settle()
      expectNoTimers(environment)
    },
  )

  it('is told to whoever asked, though storage never answers', async () => {
    const { master, environment, place } = await withPlace()
    place.fault = holding('state/count/0-', new Promise(() => undefined))
    const savepoint = master.savepoint('place')
    savepoint.catch(() => undefined)
    await environment.advance(30_000)
    expect(await outcomeOf(environment, savepoint)).toMatchObject({ code: 'CHECKPOINT_TIMEOUT' })
    master.stop({ kind: 'cancel' })
    await environment.advance(30_000)
    expect(master.status).toBe('cancelled')
  })
})

describe('a savepoint that a failure of the job ends', () => {
  it('leaves nothing in its place', async () => {
    const { master, environment, place, source } = await withPlace()
    const slow = deferred()
    place.fault = holding('state/rows/', slow.promise)
    const savepoint = master.savepoint('place')
    savepoint.catch(() => undefined)
    await environment.settle()
    ;(source.options as { onPoll?: () => void }).onPoll = () => {
      throw new Error('a poisoned record')
    }
    source.push('a', row(3))
    await environment.settle()
    slow.resolve()
    await environment.settle()
    expect(await outcomeOf(environment, savepoint)).toMatchObject({ code: 'GENERATION_ENDED' })
    expect(await place.names()).toEqual([])
    master.stop({ kind: 'cancel' })
    await environment.settle()
  })
})

describe('two savepoints into one place', () => {
  it('never make one of parts of both: one of them is refused', async () => {
    const { master, environment, place } = await withPlace()
    const slow = deferred()
    place.fault = holding('state/count/0-', slow.promise)
    const both = [master.savepoint('place'), master.savepoint('place')]
    for (const each of both) each.catch(() => undefined)
    await environment.settle()
    expect(await outcomeOf(environment, both[1] as Promise<unknown>)).toMatchObject({ code: 'SAVEPOINT_EXISTS' })
    slow.resolve()
    await environment.settle()
    expect(await both[0]).toMatchObject({ id: 1 })
    expect(await readSavepointManifest(place)).toMatchObject({ id: 1 })
    master.stop({ kind: 'cancel' })
    await environment.settle()
  })
})

describe('a stop whose savepoint cannot be copied at first', () => {
  it.each(['stop', 'drain'] as const)('takes it when storage is back: %s', async (kind) => {
    const sink = new LedgerSink<Row>()
    const { master, environment, place, result } = await withPlace(sink)
    place.fault = (call, name) => (call === 'create' && name.startsWith('state/rows/') ? 'fail' : undefined)
    master.stop(kind === 'stop' ? { kind, savepoint: place } : { kind, where: 'now', savepoint: place })
    await environment.settle()
    expect(master.status).toBe('restarting')
    place.fault = () => undefined
    await environment.advance(1000)
    expect(await outcomeOf(environment, result)).toBe(kind === 'stop' ? 'stopped' : 'finished')
    expect(master.lastSavepoint).toMatchObject({ location: place.location })
    const { input } = await readSavepointManifest(place)
    expect(input).toBe(kind === 'stop' ? 'open' : 'drained')
    expect(numbers(sink)).toEqual([1, 2])
  })

  it('fails the job when it cannot be, and leaves no part of it; the output is there', async () => {
    const sink = new LedgerSink<Row>()
    const { master, environment, place, result } = await withPlace(sink)
    place.fault = (call, name) => (call === 'create' && name === 'savepoint.json' ? 'fail' : undefined)
    master.stop({ kind: 'stop', savepoint: place })
    await environment.advance(60_000)
    expect(await outcomeOf(environment, result)).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(master.status).toBe('failed')
    expect(numbers(sink)).toEqual([1, 2])
    expect(await place.names()).toEqual([])
  })

  it('asked for in the pause before a restart, takes it of the newest checkpoint', async () => {
    const { master, environment, place, source, result } = await withPlace()
    await master.checkpoint()
    ;(source.options as { onPoll?: () => void }).onPoll = () => {
      throw new Error('a poisoned record')
    }
    source.push('a', row(3))
    await environment.settle()
    expect(master.status).toBe('restarting')
    master.stop({ kind: 'stop', savepoint: place })
    expect(await outcomeOf(environment, result)).toBe('stopped')
    expect(await readSavepointManifest(place)).toMatchObject({ id: 1, format: 'tidemark-savepoint' })
  })

  it('asked for before there is a checkpoint, runs the job up to it', async () => {
    const gate = deferred()
    const source = new Script({ intervalMs: 1000, onDiscover: () => gate.promise }).push('a', row(1))
    const { master, environment, place, result } = await withPlace(new LedgerSink<Row>(), source)
    master.stop({ kind: 'stop', savepoint: place })
    gate.resolve()
    await environment.advance(1000)
    expect(await outcomeOf(environment, result)).toBe('stopped')
    expect(await readSavepointManifest(place)).toMatchObject({ input: 'open' })
  })
})

describe('a stop with savepoint as the input ends', () => {
  it('takes the savepoint of the end', async () => {
    const source = new Script().push('a', row(1)).end()
    const sink = new LedgerSink<Row>()
    const hold = deferred()
    sink.hooks.onPrepare = () => hold.promise
    const { master, environment, place, result } = await withPlace(sink, source)
    master.stop({ kind: 'stop', savepoint: place })
    await environment.settle()
    hold.resolve()
    await environment.settle()
    expect(await outcomeOf(environment, result)).toBe('finished')
    expect(await readSavepointManifest(place)).toMatchObject({ input: 'finished' })
  })
})

describe('a savepoint that a stop cannot take any more', () => {
  it('is refused, not forgotten: the job is stopping without it', async () => {
    const { master, environment, place, result } = await withPlace()
    master.stop({ kind: 'stop' })
    expect(() => master.stop({ kind: 'stop', savepoint: place })).toThrow(
      expect.objectContaining({ code: 'JOB_NOT_RUNNING' }),
    )
    expect(await outcomeOf(environment, result)).toBe('stopped')
    expect(() => master.stop({ kind: 'stop', savepoint: place })).toThrow(/'counting' is stopped/)
  })

  it('is refused by the handle of a job that has ended', async () => {
    const source = new Script().push('a', row(1)).end()
    const { handle } = await start(countingJob(source, new LedgerSink<Row>()))
    await handle.result
    const savepoint = join(await folder(), 'late')
    await expect(handle.stop({ savepoint })).rejects.toMatchObject({ code: 'JOB_NOT_RUNNING' })
  })
})

describe('storage that never answers', () => {
  it('to a deletion, holds up neither the next checkpoints nor the end', async () => {
    const { master, environment, store } = await withPlace()
    store.fault = (call) => (call === 'delete' ? new Promise(() => undefined) : undefined)
    await environment.advance(95_000)
    expect(master.totals).toMatchObject({ completed: 9, failed: 0 })
    master.stop({ kind: 'cancel' })
    await environment.advance(10_000)
    expect(master.status).toBe('cancelled')
    expectNoTimers(environment)
  })

  it('to an upload of a checkpoint, does not keep the job from its restart, nor from being cancelled', async () => {
    const { master, environment, store } = await withPlace()
    store.fault = holding('/count/0-', new Promise(() => undefined))
    await environment.advance(15_000)
    store.fault = () => undefined
    await environment.advance(20_000)
    expect(master.generation).toBe(2)
    expect(master.totals.completed).toBeGreaterThan(0)
    master.stop({ kind: 'cancel' })
    await environment.advance(10_000)
    expect(master.status).toBe('cancelled')
    expectNoTimers(environment)
  })
})
