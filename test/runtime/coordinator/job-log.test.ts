import { describe, expect, it } from 'vitest'
import type { JobState } from '../../../core/checkpoint/job-state.js'
import { logEntryPath } from '../../../core/checkpoint/paths.js'
import { JobLog } from '../../../runtime/coordinator/job-log.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import type { ObjectStore } from '../../../runtime/storage/object-store.js'

const created = { kind: 'created', job: 'taxi', lineage: 'abc', maxParallelism: 128 } as const
const checkpoint = (id: number, retain = 1) =>
  ({
    kind: 'checkpoint',
    checkpoint: { id, generation: 1, input: 'open', length: 1, crc32: 2 },
    retain,
  }) as const

function open(store: ObjectStore, name = 'writer') {
  let count = 0
  return JobLog.open({ store, nonce: () => `${name}${++count}` })
}

describe("a job's log", () => {
  it('is read back by the next process as it was written', async () => {
    const store = memoryStore()
    const log = await open(store)
    expect(log.state).toBeUndefined()
    await log.append(created)
    await log.append(checkpoint(1))
    await log.append({ kind: 'committed', checkpoint: 1 })
    await log.append({ kind: 'generation' })
    const reader = await open(store, 'reader')
    expect(reader.state).toEqual(log.state)
    expect(reader.state).toMatchObject({ generation: 2, committed: 1, checkpoints: [{ id: 1 }] })
  })

  it('keeps a checkpoint that is not committed, however few are retained', async () => {
    const log = await open(memoryStore())
    await log.append(created)
    await log.append(checkpoint(1))
    await log.append(checkpoint(2))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([1, 2])
    await log.append({ kind: 'committed', checkpoint: 2 })
    await log.append(checkpoint(3))
    expect(log.state?.checkpoints.map(({ id }) => id)).toEqual([3])
  })

  it('deposes a writer that finds the entry of another where its own should be', async () => {
    const store = memoryStore()
    const first = await open(store, 'first')
    await first.append(created)
    const second = await open(store, 'second')
    await second.append({ kind: 'generation' })
    await expect(first.append(checkpoint(1))).rejects.toMatchObject({ code: 'DEPOSED', domain: 'coordination' })
    expect((await open(store)).state).toMatchObject({ generation: 2, checkpoints: [] })
  })

  it('deposes a writer that slept so long that the entry it competes for was deleted', async () => {
    const store = memoryStore()
    const sleeper = await open(store, 'sleeper')
    await sleeper.append(created)
    const other = await open(store, 'other')
    await other.append({ kind: 'generation' })
    for (let id = 1; id < 100; id++) await other.append(checkpoint(id))
    expect(await store.read(logEntryPath(2))).toBeUndefined()
    await expect(sleeper.append(checkpoint(1))).rejects.toMatchObject({ code: 'DEPOSED' })
    expect((await open(store)).state).toEqual(other.state)
  })

  it('is claimed behind what the one that runs the job has written since it was read', async () => {
    const store = memoryStore()
    const first = await open(store, 'first')
    await first.append(created)
    const heir = await open(store, 'heir')
    await first.append(checkpoint(1))
    for (let id = 2; id < 100; id++) await first.append(checkpoint(id))
    const seen: (number | undefined)[] = []
    const claim = (state: JobState | undefined) => {
      seen.push(state?.checkpoints.at(-1)?.id)
      return { kind: 'generation' } as const
    }
    const claimed = await heir.claim(claim)
    expect(claimed.generation).toBe(2)
    expect(claimed.checkpoints.at(-1)?.id).toBe(99)
    expect(seen).toEqual([undefined, 99])
    await expect(first.append(checkpoint(100))).rejects.toMatchObject({ code: 'DEPOSED' })
    await heir.append(checkpoint(100))
  })

  it('is claimed by one that finds it begun though it was empty', async () => {
    const store = memoryStore()
    const late = await open(store, 'late')
    await (await open(store, 'first')).append(created)
    const claimed = await late.claim((state) => (state ? { kind: 'generation' } : created))
    expect(claimed).toMatchObject({ generation: 2, job: 'taxi' })
  })

  it('is not claimed when what was written meanwhile forbids it', async () => {
    const store = memoryStore()
    const late = await open(store, 'late')
    const first = await open(store, 'first')
    await first.append(created)
    const refused = late.claim((state) => {
      if (state) throw new RangeError('it is begun')
      return created
    })
    await expect(refused).rejects.toThrow('it is begun')
    await first.append(checkpoint(1))
  })

  it('is not claimed twice by one that was deposed', async () => {
    const store = memoryStore()
    const first = await open(store, 'first')
    await first.claim(() => created)
    await (await open(store, 'heir')).claim(() => ({ kind: 'generation' }))
    await expect(first.claim(() => ({ kind: 'generation' }))).rejects.toMatchObject({ code: 'DEPOSED' })
  })

  it('takes a create whose reply was lost for its own', async () => {
    const store = memoryStore()
    let losing = true
    const lossy: ObjectStore = {
      ...store,
      create: async (name, data) => {
        const outcome = await store.create(name, data)
        if (!losing) return outcome
        losing = false
        return store.create(name, data)
      },
    }
    const log = await open(lossy)
    await log.append(created)
    expect((await open(store)).state?.job).toBe('taxi')
  })

  it('stays short', async () => {
    const store = memoryStore()
    const log = await open(store)
    await log.append(created)
    for (let id = 1; id < 300; id++) await log.append(checkpoint(id))
    expect((await store.list('log/')).length).toBeLessThanOrEqual(64)
  })

  it('is refused when its newest entry was changed', async () => {
    const store = memoryStore()
    const log = await open(store)
    await log.append(created)
    const entry = new TextDecoder().decode((await store.read(logEntryPath(1))) ?? new Uint8Array())
    await store.delete(logEntryPath(1))
    await store.create(logEntryPath(1), new TextEncoder().encode(entry.replace('taxi', 'taxy')))
    await expect(open(store)).rejects.toMatchObject({ code: 'LOG_CORRUPT', domain: 'storage' })
  })

  it.each(['', 'not json', '{}', '{"body":"{}","crc32":2745614147}', '[1]'])(
    'is refused when it is %j',
    async (text) => {
      const store = memoryStore()
      await store.create(logEntryPath(1), new TextEncoder().encode(text))
      await expect(open(store)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    },
  )
})
