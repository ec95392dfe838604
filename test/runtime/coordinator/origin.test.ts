import { describe, expect, it } from 'vitest'
import { readSavepointManifest } from '../../../runtime/storage/savepoint-objects.js'
import { type FaultyStore, faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { expectNoTimers, outcomeOf } from '../fixture/start.js'
import { countingJob, startMaster } from './master.js'

const numbers = (sink: LedgerSink<Row>) => sink.visible.map(({ n }) => n)
const source = () => new Script({ intervalMs: 1000 }).push('a', row(1), row(2))

/** A place with a savepoint behind two rows, of which nothing is visible. */
async function savepointAt(): Promise<ReadonlyMap<string, FaultyStore>> {
  const places = new Map([['place', faultyStore()]])
  const { master, environment } = await startMaster(countingJob(source(), new LedgerSink<Row>()), { places })
  await master.savepoint('place')
  master.stop({ kind: 'cancel' })
  await environment.settle()
  return places
}

describe('a job that began with a savepoint', () => {
  it('commits what it has to commit first, once, whatever fails between', async () => {
    const places = await savepointAt()
    const origin = { location: 'place', isClaimed: false }
    const sink = new LedgerSink<Row>()
    let refusals = 2
    sink.hooks.onCommit = () => {
      if (refusals-- > 0) throw new Error('the bucket is away')
    }
    const { master, environment } = await startMaster(countingJob(source(), sink), { places, origin })
    await environment.advance(3000)
    expect(master.status).toBe('running')
    expect(numbers(sink)).toEqual([1, 2])
    await environment.advance(30_000)
    expect(numbers(sink)).toEqual([1, 2])
    expect(await readSavepointManifest(places.get('place') as FaultyStore)).toBeDefined()
    master.stop({ kind: 'cancel' })
    await environment.settle()
    expectNoTimers(environment)
  })

  it('and owns it, deletes it behind its first checkpoint, and not before: failures go back to it', async () => {
    const places = await savepointAt()
    const place = places.get('place') as FaultyStore
    const origin = { location: 'place', isClaimed: true }
    const input = source()
    const sink = new LedgerSink<Row>()
    const { master, environment } = await startMaster(countingJob(input, sink), { places, origin })
    const options = input.options as { onPoll?: () => void }
    options.onPoll = () => {
      throw new Error('a poisoned record')
    }
    input.push('a', row(3))
    await environment.settle()
    expect(master.status).toBe('restarting')
    expect(await readSavepointManifest(place)).toBeDefined()
    options.onPoll = () => undefined
    await environment.advance(1000)
    await master.checkpoint()
    await environment.settle()
    expect(await place.names()).toEqual([])
    expect(numbers(sink)).toEqual([1, 2, 3])
    master.stop({ kind: 'cancel' })
    await environment.settle()
  })

  it('goes back to it, with its state, when the process dies before the first checkpoint', async () => {
    const places = await savepointAt()
    const origin = { location: 'place', isClaimed: false }
    const store = faultyStore()
    const first = await startMaster(countingJob(source(), new LedgerSink<Row>()), { places, origin, store })
    first.master.stop({ kind: 'cancel' })
    await first.environment.settle()
    // The second start does not say it again.
    const sink = new LedgerSink<Row>()
    const second = await startMaster(countingJob(source().push('a', row(3)), sink), { places, store })
    second.master.stop({ kind: 'stop' })
    expect(await outcomeOf(second.environment, second.result)).toBe('stopped')
    const third = await startMaster(countingJob(source().push('a', row(3)), sink), { places, store })
    await third.master.checkpoint()
    expect(numbers(sink).filter((n) => n === 3)).toEqual([3])
    third.master.stop({ kind: 'cancel' })
    await third.environment.settle()
  })

  it('stopped before it ever ran has committed what the savepoint has to commit', async () => {
    const places = await savepointAt()
    const origin = { location: 'place', isClaimed: false }
    const sink = new LedgerSink<Row>()
    let refusals = 1
    sink.hooks.onCommit = () => {
      if (refusals-- > 0) throw new Error('the bucket is away')
    }
    const { master, environment, result } = await startMaster(countingJob(source(), sink), { places, origin })
    master.stop({ kind: 'stop' })
    await environment.advance(1000)
    expect(await outcomeOf(environment, result)).toBe('stopped')
    expect(numbers(sink)).toEqual([1, 2])
  })

  it('closes the place of the savepoint when it ends', async () => {
    const places = await savepointAt()
    const place = places.get('place') as FaultyStore
    let closed = 0
    place.close = async () => void closed++
    const origin = { location: 'place', isClaimed: false }
    const { master, environment } = await startMaster(countingJob(source(), new LedgerSink<Row>()), { places, origin })
    expect(closed).toBe(0)
    master.stop({ kind: 'cancel' })
    await environment.settle()
    expect(closed).toBe(1)
  })
})
