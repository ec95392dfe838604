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
