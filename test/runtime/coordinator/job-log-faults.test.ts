import { describe, expect, it } from 'vitest'
import { JobLog } from '../../../runtime/coordinator/job-log.js'
import { type FaultyStore, faultyStore } from '../fixture/faulty-store.js'

const created = { kind: 'created', job: 'taxi', lineage: 'abc', maxParallelism: 128 } as const
const checkpoint = (id: number) =>
  ({ kind: 'checkpoint', checkpoint: { id, generation: 1, input: 'open', length: 1, crc32: 2 }, retain: 9 }) as const

async function begun(): Promise<{ store: FaultyStore; log: JobLog }> {
  const store = faultyStore()
  const log = await open(store, 'writer')
  await log.append(created)
  return { store, log }
}

function open(store: FaultyStore, name: string): Promise<JobLog> {
  let count = 0
  return JobLog.open({ store, nonce: () => `${name}${++count}` })
}

describe('an outcome that is not known', () => {
  it('is looked up at once', async () => {
    const { store, log } = await begun()
    store.fault = (call) => (call === 'create' ? 'loseReply' : undefined)
    await log.append(checkpoint(1))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([1])
    expect(await store.names('log/')).toHaveLength(2)
  })

  it('is looked up at the next entry where storage would not answer: the event stands, the next one follows it', async () => {
    const { store, log } = await begun()
    store.fault = (call) => (call === 'create' ? 'loseReply' : 'fail')
    await expect(log.append(checkpoint(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    store.fault = () => undefined
    await log.append(checkpoint(2))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([1, 2])
    expect((await open(store, 'reader')).state).toEqual(log.state)
  })

  it('that was none leaves no trace', async () => {
    const { store, log } = await begun()
    store.fault = (call) => (call === 'create' ? 'fail' : undefined)
    await expect(log.append(checkpoint(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    store.fault = () => undefined
    await log.append(checkpoint(2))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([2])
  })

  it('does not hide another writer', async () => {
    const { store, log } = await begun()
    store.fault = (call) => (call === 'create' ? 'fail' : undefined)
    await expect(log.append(checkpoint(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    store.fault = () => undefined
    await (await open(store, 'heir')).append({ kind: 'generation' })
    await expect(log.append(checkpoint(1))).rejects.toMatchObject({ code: 'DEPOSED' })
  })

  it('of a deletion does not matter: the entries go behind a later one', async () => {
    const { store, log } = await begun()
    store.fault = (call) => (call === 'delete' ? 'fail' : undefined)
    for (let n = 0; n < 80; n++) await log.append({ kind: 'generation' })
    expect(await store.names('log/')).toHaveLength(81)
    store.fault = () => undefined
    await log.append({ kind: 'generation' })
    expect(await store.names('log/')).toHaveLength(64)
  })
})

describe('a list that is wrong once, as one without a checksum may be,', () => {
  /** Lists of the log are what `change` makes of them, `times` times. */
  function misled(store: FaultyStore, change: (names: readonly string[]) => readonly string[], times = 1): FaultyStore {
    let left = times
    const list = store.list
    store.list = async (prefix) => {
      const names = await list(prefix)
      return prefix === 'log/' && left-- > 0 ? change(names) : names
    }
    return store
  }
  const withOneTooMany = (names: readonly string[]) => [...names, 'log/0000000099']
  const withoutTheLast = (names: readonly string[]) => names.slice(0, -1)

  it.each([
    ['names an entry that is not there', withOneTooMany],
    ['leaves out the newest one', withoutTheLast],
  ])('does not depose a writer when it %s', async (_what, change) => {
    const { store, log } = await begun()
    misled(store, change, 2)
    await log.append(checkpoint(1))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([1])
  })

  it('is not believed by a reader', async () => {
    const { store, log } = await begun()
    await log.append(checkpoint(1))
    await store.create('checkpoints/1/x', new Uint8Array(1))
    expect((await open(misled(store, withOneTooMany), 'reader')).state).toEqual(log.state)
    expect(
      (
        await open(
          misled(store, () => []),
          'reader',
        )
      ).state,
    ).toEqual(log.state)
  })

  it('that leaves out the newest entry only costs a claim another look', async () => {
    const { store, log } = await begun()
    await log.append(checkpoint(1))
    const heir = await open(misled(store, withoutTheLast), 'heir')
    expect(heir.state?.checkpoints).toEqual([])
    expect(await heir.claim(() => ({ kind: 'generation' }))).toMatchObject({ generation: 2, checkpoints: [{ id: 1 }] })
  })

  it('is believed when it stays as it is', async () => {
    const { store } = await begun()
    await expect(open(misled(store, withOneTooMany, 9), 'reader')).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    await store.create('checkpoints/1/x', new Uint8Array(1))
    await expect(
      open(
        misled(store, () => [], 9),
        'reader',
      ),
    ).rejects.toMatchObject({ code: 'LOG_MISSING' })
  })
})
